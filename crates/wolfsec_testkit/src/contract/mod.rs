//! What every store must do. Each case gets an empty store of its own.

pub mod alerts;
pub mod alerts_bulk;
pub mod alerts_work;
pub mod events;
pub mod events_kept;
pub mod fleet;
pub mod identity;
pub mod live;
pub mod metrics;
pub mod overview;
pub mod peers;
pub mod records;
pub mod rules;

use wolfsec::ports::{RepositoryError, Store, UnitOfWork};

/// Calls a macro with every case of the contract as `module::case`.
#[macro_export]
macro_rules! contract_cases {
    ($with:ident) => {
        $with! {
            identity::user_names_are_unique_whatever_their_case,
            identity::users_change_and_are_listed_by_name,
            identity::enabled_admins_are_counted,
            identity::sessions_live_until_they_are_removed,
            identity::a_session_is_removed_by_its_owner_only,
            identity::tokens_give_their_name_back_when_revoked,
            peers::names_are_unique_and_keys_find_their_peer,
            peers::lists_go_by_name_in_pages,
            peers::contacts_add_up_and_only_wake_or_stop,
            fleet::a_batch_tells_how_each_peer_stood_before,
            fleet::the_fleet_is_filtered_over_all_peers,
            fleet::the_fleet_pages_without_gaps_or_repeats,
            fleet::recent_events_are_counted_up_to_a_bound,
            metrics::a_sample_is_stored_once,
            metrics::a_window_measures_latency_and_success,
            metrics::points_are_means_and_rates,
            metrics::values_of_different_samples_keep_their_rates,
            metrics::counters_of_any_size_are_measured,
            metrics::the_newest_sample_is_found,
            metrics::days_of_samples_are_made_and_retired,
            peers::an_enrolment_is_used_once_and_in_time,
            peers::rejected_lines_are_bounded,
            events::a_batch_is_stored_once,
            events::twins_inside_a_batch_count_as_duplicates,
            events::a_mixed_batch_stores_what_is_new,
            events::hostile_values_are_stored_and_read_back,
            events::search_is_bounded_in_time,
            events::search_pages_without_gaps_or_repeats,
            events::search_filters_by_peer_severity_and_words,
            events::metacharacters_are_plain_text,
            events::a_preview_is_bounded,
            events::a_page_of_large_events_ends_early,
            events_kept::requests_are_remembered_with_their_first_answer,
            events_kept::hits_come_back_in_event_order,
            events_kept::rates_count_what_was_stored,
            events_kept::days_are_made_and_retired,
            alerts::a_first_finding_opens_an_alert,
            alerts::a_repeat_counts_up_in_place,
            alerts::evidence_and_entities_are_bounded,
            alerts::a_retired_alert_lets_its_successor_collect,
            alerts::two_collectors_of_a_key_conflict,
            alerts::a_repeat_after_resolving_links_to_the_resolved_one,
            alerts_work::lists_are_filtered,
            alerts_work::lists_page_without_gaps_or_repeats,
            alerts_work::status_changes_raise_the_version,
            alerts_work::a_reopened_alert_collects_unless_another_does,
            alerts_work::the_history_is_kept_in_order,
            alerts_work::counts_go_by_severity,
            alerts_bulk::lists_are_filtered_by_what_a_queue_asks,
            alerts_bulk::the_waiting_order_pages_without_gaps_or_repeats,
            alerts_bulk::many_are_changed_at_once,
            alerts_bulk::of_several_reopened_alerts_the_newest_collects,
            alerts_bulk::a_tally_counts_by_status_and_severity,
            alerts_bulk::a_bulk_change_is_kept,
            overview::what_waits_is_counted_for_a_person,
            overview::alerts_are_counted_by_what_they_are_about,
            overview::the_fleet_is_counted_by_status,
            overview::measurements_add_up_until_they_are_forgotten,
            overview::storage_is_what_the_store_says,
            overview::visits_are_kept,
            rules::an_update_of_a_rule_keeps_its_switch,
            rules::rules_are_listed_by_title,
            rules::a_moved_rule_is_a_changed_one_and_what_cannot_run_is_off,
            rules::a_detector_is_made_of_what_can_run,
            rules::every_change_of_rules_is_counted,
            rules::imports_are_remembered_within_bounds,
            records::the_audit_trail_is_appended_and_read,
            records::settings_are_set_and_removed,
            records::dropping_a_unit_of_work_leaves_nothing,
        }
    };
}

/// Calls a macro with every case that also needs a feed of the store.
#[macro_export]
macro_rules! live_contract_cases {
    ($with:ident) => {
        $with! {
            live::a_commit_is_told_and_a_rollback_is_not,
            live::work_on_an_alert_is_told,
            live::a_large_change_is_one_bounded_notice,
            live::ended_sessions_and_changed_accounts_are_told,
            live::catching_up_counts_what_came_after,
            live::the_newest_change_is_never_forgotten,
            live::totals_add_up_over_peers,
        }
    };
}

/// A unit of work of a store that works.
pub(crate) async fn begin(store: &dyn Store) -> Box<dyn UnitOfWork> {
    store.begin().await.unwrap()
}

/// The violated constraint.
pub(crate) fn constraint<T: std::fmt::Debug>(result: Result<T, RepositoryError>) -> String {
    match result.unwrap_err() {
        RepositoryError::Conflict { constraint } => constraint,
        other => panic!("not a conflict: {other:?}"),
    }
}
