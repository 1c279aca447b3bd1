//! Server functions of the rule list and the rule.

use leptos::prelude::*;

use super::view::{RuleView, RulesView};
use crate::error::AppError;

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
