mod hostile;

use super::*;
use crate::domain::Id;

const ACCOUNT: &str = "018b88d6-5f80-7000-8000-000000000001";

fn caller() -> Caller {
    Caller { principal: Principal::ServiceAccount { id: Id::parse(ACCOUNT).unwrap() }, scopes: Scopes::default() }
}

fn issuers(keys: &Keys) -> Issuers {
    Issuers::new(keys, None, &[]).unwrap()
}

#[actix_web::test]
async fn a_token_says_who_it_stands_for() {
    let keys = Keys::ephemeral("http://t".into()).unwrap();
    let (token, issuers) = (keys.issue(&caller(), 60).unwrap(), issuers(&keys));
    assert_eq!(issuers.verify(&token).await.unwrap(), caller());
    // And again, from what is remembered.
    assert_eq!(issuers.verify(&token).await.unwrap(), caller());
}

#[actix_web::test]
async fn the_key_in_a_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signing.key");
    let first = Keys::of_file("http://t".into(), &path).unwrap();
    let token = first.issue(&caller(), 60).unwrap();
    let again = Keys::of_file("http://t".into(), &path).unwrap();
    assert!(issuers(&again).verify(&token).await.is_ok());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[actix_web::test]
async fn the_key_before_a_rotation_stays_good_until_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signing.key");
    assert!(own::rotate("http://t".into(), &path).is_err());
    let first = Keys::of_file("http://t".into(), &path).unwrap();
    let token = first.issue(&caller(), 60).unwrap();
    let second = own::rotate("http://t".into(), &path).unwrap();
    assert_eq!(second.public().count(), 2);
    assert_ne!(first.public().next(), second.public().next());
    assert!(issuers(&second).verify(&token).await.is_ok());
    assert!(issuers(&second).verify(&second.issue(&caller(), 60).unwrap()).await.is_ok());
    let third = own::rotate("http://t".into(), &path).unwrap();
    assert_eq!(issuers(&third).verify(&token).await.unwrap_err().code, Code::TokenInvalid);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}
