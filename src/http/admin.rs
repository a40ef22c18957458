//! `/admin/...`: what operators do, as JSON. The portal's pages stand on the same calls.

mod assign;
mod body;
mod branding;
mod case;
mod comparison;
mod duplicates;
mod endpoints;
mod evidence;
mod hit;
mod lists;
mod next;
mod operator;
mod operators;
mod overview;
mod partners;
mod queue;
mod reviews;
mod screen_case;
mod screening;
mod session;
mod sessions;
mod snooze;
mod standing;
mod webhooks;

use actix_web::web;

use super::resource;

pub use assign::__path_assign_cases;
pub use branding::{__path_brand_partner, __path_get_logo, __path_unbrand_partner, AccentView, BrandingView};
pub use case::{__path_get_case, CaseHit, CaseQuery, CaseView, FacesView, LivenessView, case_of};
pub use comparison::FieldView;
pub use endpoints::{
    __path_add_endpoint, __path_disable_endpoint, __path_enable_endpoint, __path_remove_endpoint,
    __path_rotate_secret, __path_test_endpoint,
};
pub use evidence::{__path_get_evidence, CaseImage, FrameView, ZoneView};
pub use hit::HitView;
pub use lists::{__path_import_list, __path_list_lists, __path_remove_list, ListView, in_force};
pub use next::{__path_next_case, NextQuery, next};
pub use operator::{OperatorCaller, csrf_token};
pub use operators::{
    __path_change_role, __path_disable_operator, __path_enable_operator, __path_end_browser,
    __path_invite_operator, __path_list_browsers, __path_list_operators, __path_unlock_operator,
    NamedOperatorView, browsers, operators,
};
pub use overview::{__path_get_overview, DayView, Overview, OverviewQuery, overview};
pub use partners::{
    __path_get_partner, __path_issue_key, __path_list_partners, __path_register_partner, __path_revoke_key,
    KeyView, PartnerDetails, partner, partners,
};
pub use queue::{__path_list_reviews, QueueQuery, ReviewCount, ReviewItem, ReviewQueue, queue};
pub use reviews::{
    __path_add_note, __path_claim_case, __path_decide_case, __path_release_case, __path_request_resubmission,
    __path_resolve_hit,
};
pub use screen_case::__path_screen_case;
pub use screening::{__path_search_lists, SearchQuery, search};
pub use session::{__path_change_password, __path_sign_in, __path_sign_out, __path_who_am_i};
pub use sessions::{__path_find_sessions, FoundSession, SessionsQuery, sessions};
pub use snooze::__path_snooze_case;
pub use webhooks::{__path_list_attempts, __path_list_deliveries, __path_redeliver_messages};

/// The cookie's name under https: bound to this host, all paths, never sent in clear.
pub const SECURE_COOKIE: &str = "__Host-ekyc_operator";

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    const REVIEW: &str = "/admin/api/reviews/{session_id}";
    let of_review = |call: &str| format!("{REVIEW}/{call}");
    config
        .service(resource("/admin/api/sign-in", "POST").route(web::post().to(session::sign_in)))
        .service(resource("/admin/api/sign-out", "POST").route(web::post().to(session::sign_out)))
        .service(resource("/admin/api/me", "GET").route(web::get().to(session::who_am_i)))
        .service(resource("/admin/api/password", "POST").route(web::post().to(session::change_password)))
        .service(resource("/admin/api/reviews", "GET").route(web::get().to(queue::list_reviews)))
        // Before the session's own path, which would take their last word for its identifier.
        .service(resource("/admin/api/reviews/next", "GET").route(web::get().to(next::next_case)))
        .service(resource("/admin/api/reviews/assign", "POST").route(web::post().to(assign::assign_cases)))
        .service(resource(REVIEW, "GET").route(web::get().to(case::get_case)))
        .service(
            resource(&of_review("evidence/{blob_id}"), "GET").route(web::get().to(evidence::get_evidence)),
        )
        .service(resource(&of_review("claim"), "POST").route(web::post().to(reviews::claim_case)))
        .service(resource(&of_review("release"), "POST").route(web::post().to(reviews::release_case)))
        .service(resource(&of_review("snooze"), "POST").route(web::post().to(snooze::snooze_case)))
        .service(resource(&of_review("notes"), "POST").route(web::post().to(reviews::add_note)))
        .service(resource(&of_review("screening"), "POST").route(web::post().to(screen_case::screen_case)))
        .service(resource(&of_review("hits"), "POST").route(web::post().to(reviews::resolve_hit)))
        .service(resource(&of_review("decision"), "POST").route(web::post().to(reviews::decide_case)))
        .service(
            resource(&of_review("resubmission"), "POST").route(web::post().to(reviews::request_resubmission)),
        )
        .service(resource("/admin/api/overview", "GET").route(web::get().to(overview::get_overview)))
        .service(resource("/admin/api/sessions", "GET").route(web::get().to(sessions::find_sessions)))
        .configure(of_lists)
        .configure(of_partners)
        .configure(of_endpoints)
        .configure(of_operators)
        .service(resource("/admin/screening", "GET").route(web::get().to(screening::search_lists)));
}

fn of_operators(config: &mut web::ServiceConfig) {
    let of_operator = |call: &str| format!("/admin/api/operators/{{operator_id}}/{call}");
    config
        .service(
            resource("/admin/api/operators", "GET, POST")
                .route(web::get().to(operators::list_operators))
                .route(web::post().to(operators::invite_operator)),
        )
        .service(resource(&of_operator("role"), "POST").route(web::post().to(operators::change_role)))
        .service(resource(&of_operator("disable"), "POST").route(web::post().to(operators::disable_operator)))
        .service(resource(&of_operator("enable"), "POST").route(web::post().to(operators::enable_operator)))
        .service(resource(&of_operator("unlock"), "POST").route(web::post().to(operators::unlock_operator)))
        .service(resource("/admin/api/me/browsers", "GET").route(web::get().to(operators::list_browsers)))
        .service(
            resource("/admin/api/me/browsers/{id}/sign-out", "POST")
                .route(web::post().to(operators::end_browser)),
        );
}

fn of_lists(config: &mut web::ServiceConfig) {
    config
        .service(
            resource("/admin/api/lists", "GET, POST")
                .route(web::get().to(lists::list_lists))
                .route(web::post().to(lists::import_list)),
        )
        .service(
            resource("/admin/api/lists/{name}/remove", "POST").route(web::post().to(lists::remove_list)),
        );
}

fn of_endpoints(config: &mut web::ServiceConfig) {
    let of_endpoint =
        |call: &str| format!("/admin/api/partners/{{partner_id}}/endpoints/{{endpoint_id}}/{call}");
    config
        .service(
            resource("/admin/api/partners/{partner_id}/endpoints", "POST")
                .route(web::post().to(endpoints::add_endpoint)),
        )
        .service(resource(&of_endpoint("remove"), "POST").route(web::post().to(endpoints::remove_endpoint)))
        .service(resource(&of_endpoint("enable"), "POST").route(web::post().to(endpoints::enable_endpoint)))
        .service(resource(&of_endpoint("disable"), "POST").route(web::post().to(endpoints::disable_endpoint)))
        .service(resource(&of_endpoint("test"), "POST").route(web::post().to(endpoints::test_endpoint)))
        .service(
            resource("/admin/api/partners/{partner_id}/webhook-secret", "POST")
                .route(web::post().to(endpoints::rotate_secret)),
        );
}

fn of_partners(config: &mut web::ServiceConfig) {
    const PARTNER: &str = "/admin/api/partners/{partner_id}";
    let of_partner = |call: &str| format!("{PARTNER}/{call}");
    config
        .service(
            resource("/admin/api/partners", "GET, POST")
                .route(web::get().to(partners::list_partners))
                .route(web::post().to(partners::register_partner)),
        )
        .service(resource(PARTNER, "GET").route(web::get().to(partners::get_partner)))
        .service(resource(&of_partner("branding"), "POST").route(web::post().to(branding::brand_partner)))
        .service(
            resource(&of_partner("branding/remove"), "POST").route(web::post().to(branding::unbrand_partner)),
        )
        .service(resource(&of_partner("logo.png"), "GET").route(web::get().to(branding::get_logo)))
        .service(resource(&of_partner("keys"), "POST").route(web::post().to(partners::issue_key)))
        .service(
            resource(&of_partner("keys/{key_id}/revoke"), "POST").route(web::post().to(partners::revoke_key)),
        )
        .service(resource(&of_partner("deliveries"), "GET").route(web::get().to(webhooks::list_deliveries)))
        .service(
            resource(&of_partner("deliveries/{message_id}"), "GET")
                .route(web::get().to(webhooks::list_attempts)),
        )
        .service(
            resource(&of_partner("redeliver"), "POST").route(web::post().to(webhooks::redeliver_messages)),
        );
}
