//! Server functions of the rule list and the rule.

use leptos::prelude::*;

use super::view::{RuleImportsView, RuleView, RulesView};
use crate::error::AppError;
use wolfsec::rules::RuleImport;

/// One page of rules; `query` is the page's URL query.
#[server(endpoint = "list_rules")]
pub async fn list_rules(#[server(default)] query: String) -> Result<RulesView, AppError> {
    use super::model::rule_query;
    use crate::context;
    use crate::features::url_query::{UrlQuery, bad_filter};
    use wolfsec_app::{Action, authorise};
    let caller = context::caller()?;
    let asked = rule_query(&UrlQuery::parse(&query)).map_err(bad_filter)?;
    let page = context::use_cases()?
        .list_rules(&caller, &asked)
        .await
        .map_err(context::app_error)?;
    Ok(RulesView {
        more: page.next_cursor.is_some(),
        rules: page.items,
        may_switch: authorise(&caller, Action::SwitchRules).is_ok(),
        may_import: authorise(&caller, Action::ImportRules).is_ok(),
    })
}

/// One rule with its YAML.
#[server(endpoint = "get_rule")]
pub async fn get_rule(#[server(default)] id: String) -> Result<RuleView, AppError> {
    use crate::context;
    use wolfsec_app::{Action, authorise};
    let caller = context::caller()?;
    let rule = context::use_cases()?
        .get_rule(&caller, &id)
        .await
        .map_err(context::app_error)?;
    let may_switch = authorise(&caller, Action::SwitchRules).is_ok();
    Ok(RuleView { rule, may_switch })
}

/// The last imports of packs.
#[server(endpoint = "list_rule_imports")]
pub async fn list_rule_imports() -> Result<RuleImportsView, AppError> {
    use crate::context;
    use wolfsec_app::{Action, authorise};
    let caller = context::caller()?;
    let imports = context::use_cases()?.list_rule_imports(&caller).await;
    Ok(RuleImportsView {
        imports: imports.map_err(context::app_error)?,
        may_import: authorise(&caller, Action::ImportRules).is_ok(),
    })
}

/// What became of one import.
#[server(endpoint = "get_rule_import")]
pub async fn get_rule_import(#[server(default)] id: String) -> Result<RuleImport, AppError> {
    use crate::context;
    let caller = context::caller()?;
    let id = id
        .parse()
        .map_err(|_| context::app_error(wolfsec_app::Failure::not_found("import")))?;
    let import = context::use_cases()?.get_rule_import(&caller, id).await;
    import.map_err(context::app_error)
}

/// Switches a rule on or off; `back` is `rule` or the URL query of the list that the form stands in.
#[server(endpoint = "switch_rule")]
pub async fn switch_rule(
    #[server(default)] id: String,
    #[server(default)] enabled: bool,
    #[server(default)] back: String,
) -> Result<(), AppError> {
    use crate::context;
    let caller = context::caller()?;
    context::use_cases()?
        .switch_rule(&caller, &id, enabled)
        .await
        .map_err(|failure| context::app_error(failure).keeping("id", &id))?;
    context::redirect_to(&super::model::after_switch(&id, &back, enabled));
    Ok(())
}
