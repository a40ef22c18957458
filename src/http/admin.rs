//! `/admin/...`: what operators do, as JSON. The portal's pages stand on the same calls.

mod body;
mod case;
mod evidence;
mod hit;
mod operator;
mod queue;
mod reviews;
mod screening;
mod session;

use actix_web::web;

use super::resource;

pub use case::{__path_get_case, CaseHit, CaseView, case_of};
pub use evidence::__path_get_evidence;
pub use hit::HitView;
pub use operator::{OperatorCaller, csrf_token};
pub use queue::{__path_list_reviews, QueueQuery, ReviewItem, queue};
pub use reviews::{
    __path_add_note, __path_claim_case, __path_decide_case, __path_release_case, __path_request_resubmission,
    __path_resolve_hit,
};
pub use screening::{__path_search_lists, SearchQuery, search};
pub use session::{__path_change_password, __path_sign_in, __path_sign_out, __path_who_am_i};

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
        .service(resource(REVIEW, "GET").route(web::get().to(case::get_case)))
        .service(
            resource(&of_review("evidence/{blob_id}"), "GET").route(web::get().to(evidence::get_evidence)),
        )
        .service(resource(&of_review("claim"), "POST").route(web::post().to(reviews::claim_case)))
        .service(resource(&of_review("release"), "POST").route(web::post().to(reviews::release_case)))
        .service(resource(&of_review("notes"), "POST").route(web::post().to(reviews::add_note)))
        .service(resource(&of_review("hits"), "POST").route(web::post().to(reviews::resolve_hit)))
        .service(resource(&of_review("decision"), "POST").route(web::post().to(reviews::decide_case)))
        .service(
            resource(&of_review("resubmission"), "POST").route(web::post().to(reviews::request_resubmission)),
        )
        .service(resource("/admin/screening", "GET").route(web::get().to(screening::search_lists)));
}
