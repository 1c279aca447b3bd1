//! Users, sessions, tokens.

use chrono::Duration;
use wolfsec::identity::{ApiToken, Role, User};
use wolfsec::ports::Store;

use super::{begin, constraint};
use crate::build::{at, digest, session, token, user};

pub async fn user_names_are_unique_whatever_their_case(store: &dyn Store) {
    let mut uow = begin(store).await;
    let jo = user(1, "Jo");
    uow.users().insert(&jo, "hash").await.unwrap();
    assert_eq!(
        uow.users().find_by_name("jO").await.unwrap(),
        Some((jo.clone(), "hash".into()))
    );
    assert_eq!(uow.users().find_by_name("joe").await.unwrap(), None);
    assert_eq!(uow.users().find_by_name("j\0").await.unwrap(), None);
    uow.commit().await.unwrap();
    let mut uow = begin(store).await;
    assert_eq!(
        constraint(uow.users().insert(&user(2, "jO"), "other").await),
        "users_name_key"
    );
    drop(uow);
    assert_eq!(begin(store).await.users().get(jo.id).await.unwrap(), Some(jo));
}

pub async fn users_change_and_are_listed_by_name(store: &dyn Store) {
    let mut uow = begin(store).await;
    let (ann, bob) = (user(1, "bob"), user(2, "Ann"));
    uow.users().insert(&ann, "a").await.unwrap();
    uow.users().insert(&bob, "b").await.unwrap();
    assert!(uow.users().set_role(bob.id, Role::Operator).await.unwrap());
    assert!(uow.users().set_enabled(bob.id, false).await.unwrap());
    assert!(uow.users().set_password(bob.id, "c").await.unwrap());
    uow.users().record_sign_in(bob.id, at(5)).await.unwrap();
    let (changed, hash) = uow.users().find_by_name("ann").await.unwrap().unwrap();
    let expected = User {
        role: Role::Operator,
        enabled: false,
        last_sign_in: Some(at(5)),
        ..bob
    };
    assert_eq!((&changed, hash.as_str()), (&expected, "c"));
    let names: Vec<String> = uow
        .users()
        .list()
        .await
        .unwrap()
        .into_iter()
        .map(|user| user.name)
        .collect();
    assert_eq!(names, ["Ann", "bob"]);
    let nobody = user(9, "x").id;
    assert!(!uow.users().set_role(nobody, Role::Admin).await.unwrap());
    assert!(!uow.users().set_enabled(nobody, true).await.unwrap());
    assert!(!uow.users().set_password(nobody, "x").await.unwrap());
}

pub async fn enabled_admins_are_counted(store: &dyn Store) {
    let mut uow = begin(store).await;
    assert!(!uow.users().any_admin().await.unwrap());
    let admin = User {
        role: Role::Admin,
        ..user(1, "root")
    };
    uow.users().insert(&admin, "a").await.unwrap();
    uow.users().insert(&user(2, "viewer"), "b").await.unwrap();
    assert_eq!(uow.users().count_enabled_admins_locked().await.unwrap(), 1);
    uow.users().set_enabled(admin.id, false).await.unwrap();
    assert_eq!(uow.users().count_enabled_admins_locked().await.unwrap(), 0);
    assert!(uow.users().any_admin().await.unwrap());
}

pub async fn sessions_live_until_they_are_removed(store: &dyn Store) {
    let mut uow = begin(store).await;
    let jo = user(1, "jo");
    uow.users().insert(&jo, "hash").await.unwrap();
    let first = session(1, jo.id);
    let second = session(2, jo.id);
    uow.sessions().insert(&first, &digest("first")).await.unwrap();
    uow.sessions().insert(&second, &digest("second")).await.unwrap();
    let found = uow.sessions().find_by_digest(&digest("first")).await.unwrap();
    assert_eq!(found, Some((first.clone(), jo.clone())));
    assert_eq!(uow.sessions().find_by_digest(&digest("none")).await.unwrap(), None);

    uow.sessions().touch(first.id, at(10)).await.unwrap();
    let ids: Vec<_> = uow
        .sessions()
        .list_for_user(jo.id)
        .await
        .unwrap()
        .iter()
        .map(|s| s.id)
        .collect();
    assert_eq!(ids, [first.id, second.id]);
    // `second` was last used at 0.
    let removed = uow
        .sessions()
        .remove_expired(at(0) - Duration::hours(1), at(5))
        .await
        .unwrap();
    assert_eq!(removed, 1);
    assert_eq!(uow.sessions().remove_expired(at(1), at(0)).await.unwrap(), 1);
    assert!(uow.sessions().list_for_user(jo.id).await.unwrap().is_empty());
}

pub async fn a_session_is_removed_by_its_owner_only(store: &dyn Store) {
    let mut uow = begin(store).await;
    let (jo, eve) = (user(1, "jo"), user(2, "eve"));
    uow.users().insert(&jo, "a").await.unwrap();
    uow.users().insert(&eve, "b").await.unwrap();
    for n in 1..=3 {
        uow.sessions()
            .insert(&session(n, jo.id), &digest(&n.to_string()))
            .await
            .unwrap();
    }
    uow.sessions().insert(&session(9, eve.id), &digest("9")).await.unwrap();
    let (first, second) = (session(1, jo.id).id, session(2, jo.id).id);
    assert!(!uow.sessions().remove(eve.id, first).await.unwrap());
    assert!(uow.sessions().remove(jo.id, first).await.unwrap());
    assert!(!uow.sessions().remove(jo.id, first).await.unwrap());
    assert_eq!(uow.sessions().remove_others(jo.id, Some(second)).await.unwrap(), 1);
    assert_eq!(uow.sessions().remove_others(jo.id, None).await.unwrap(), 1);
    assert_eq!(uow.sessions().list_for_user(eve.id).await.unwrap().len(), 1);
}

pub async fn tokens_give_their_name_back_when_revoked(store: &dyn Store) {
    let mut uow = begin(store).await;
    let old = token(1, "backup");
    uow.tokens().insert(&old, &digest("old")).await.unwrap();
    uow.tokens().touch(old.id, at(3)).await.unwrap();
    uow.tokens().touch(old.id, at(2)).await.unwrap();
    let revoked = ApiToken {
        last_used_at: Some(at(3)),
        revoked_at: Some(at(4)),
        ..old.clone()
    };
    assert_eq!(uow.tokens().revoke(old.id, at(4)).await.unwrap(), Some(revoked.clone()));
    assert_eq!(uow.tokens().revoke(old.id, at(5)).await.unwrap(), None);
    let new = ApiToken {
        created_at: at(6),
        expires_at: Some(at(60)),
        ..token(2, "Backup")
    };
    uow.tokens().insert(&new, &digest("new")).await.unwrap();
    assert_eq!(
        uow.tokens().find_by_digest(&digest("new")).await.unwrap(),
        Some(new.clone())
    );
    assert_eq!(uow.tokens().find_by_digest(&digest("none")).await.unwrap(), None);
    assert_eq!(uow.tokens().list().await.unwrap(), [new, revoked]);
    let twin = uow.tokens().insert(&token(3, "BACKUP"), &digest("twin")).await;
    assert_eq!(constraint(twin), "api_tokens_name_key");
}
