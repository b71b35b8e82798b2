//! `cases.json` is what the cases say.

use wsspec::case::Library;
use wsspec::report::json::Json;

#[test]
fn export_is_up_to_date() {
    let json = wsspec::export::json(&Library::built_in().unwrap());
    let vectors = Json::read(&json).unwrap();
    assert!(vectors.get("vectors").unwrap().as_list().len() > 900);
    assert!(json == include_str!("../cases.json"), "expected what `wsspec export cases.json` writes");
}
