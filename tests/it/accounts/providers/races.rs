//! At the same moment, also at two servers.

use futures_util::future::{join, join_all};
use serde_json::json;

use super::*;

#[tokio::test]
async fn of_completions_with_one_handle_at_once_one_signs_in_also_at_two_servers() {
    let (app, server) = started().await;
    let other = app.second_instance().await;
    for _ in 0..5 {
        let begun = begin(&app).await;
        let approval = server.approve(&begun.url, &ada(), app.app.now());
        let answers = join_all([&app, &other, &app, &other].map(|app| complete(app, begun.answer(&approval)))).await;
        let entered = answers.iter().filter(|answer| kind(answer) == SIGNED_IN).count();
        let refused = answers.iter().filter(|answer| kind(answer) == INVALID).count();
        assert_eq!((entered, refused), (1, 3), "{answers:?}");
    }
}

#[tokio::test]
async fn two_first_sign_ins_of_one_person_at_once_make_one_account() {
    let (app, server) = started().await;
    let other = app.second_instance().await;
    for round in 0..8 {
        let email = format!("p{round}@example.org");
        let person = json!({ "sub": format!("p{round}"), "email": email, "email_verified": true });
        let (one, two) = join(sign_in_as(&app, &server, &person), sign_in_as(&other, &server, &person)).await;
        assert_eq!(Actor::of(&app, &one).member.id(), Actor::of(&app, &two).member.id());
    }
}

#[tokio::test]
async fn of_two_accounts_that_link_one_person_at_once_one_does() {
    let (app, server) = started().await;
    let other = app.second_instance().await;
    for round in 0..5 {
        let (one, two) = (app.guest().await, app.guest().await.at(&other));
        let person = json!({ "sub": format!("p{round}") });
        let inputs = (begin_link(&one, &server, &person).await, begin_link(&two, &server, &person).await);
        let (first, second) = join(complete_link(&one, inputs.0), complete_link(&two, inputs.1)).await;
        let mut kinds = [kind(&first), kind(&second)];
        kinds.sort_unstable();
        assert_eq!(kinds, ["CompleteProviderLinkSuccess", "ProviderTakenProblem"]);
    }
}

#[tokio::test]
async fn of_two_people_whom_one_account_links_at_once_one_is_linked() {
    let (app, server) = started().await;
    let other = app.second_instance().await;
    for round in 0..5 {
        let member = app.guest().await;
        let people = [json!({ "sub": format!("a{round}") }), json!({ "sub": format!("b{round}") })];
        let first = begin_link(&member, &server, &people[0]).await;
        let second = begin_link(&member, &server, &people[1]).await;
        let (first, second) = join(complete_link(&member, first), complete_link(&member.at(&other), second)).await;
        let mut kinds = [kind(&first), kind(&second)];
        kinds.sort_unstable();
        assert_eq!(kinds, ["CompleteProviderLinkSuccess", "StateConflictProblem"]);
    }
}

#[tokio::test]
async fn a_sign_in_at_the_moment_of_unlinking_opens_before_it_or_not_at_all() {
    let (app, server) = started().await;
    let other = app.second_instance().await;
    for round in 0..5 {
        let member = app.guest().await;
        let person = json!({ "sub": format!("p{round}") });
        link(&member, &server, &person).await;
        let begun = begin(&app).await;
        let input = begun.answer(&server.approve(&begun.url, &person, app.app.now()));
        let (unlinked, entered) = join(unlink(&member), complete(&other, input)).await;
        assert_eq!(kind(&unlinked), "UnlinkProviderSuccess");
        assert!([SIGNED_IN, INVALID, "ProviderEmailNotVerifiedProblem"].contains(&kind(&entered)), "{entered}");
        assert_eq!(kind(&sign_in_as(&app, &server, &person).await), "ProviderEmailNotVerifiedProblem");
    }
}
