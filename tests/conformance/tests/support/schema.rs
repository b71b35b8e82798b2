//! As much of JSON Schema as the schemas here use. What it does not know is an error, not a yes.

use wsspec::report::json::Json;

/// The first place that does not fit.
pub fn fault(value: &Json, schema: &Json, root: &Json, at: &str) -> Option<String> {
    let Json::Object(members) = schema else { return Some(format!("{at}: expected a schema, found {schema:?}")) };
    members.iter().find_map(|(keyword, wanted)| one(value, keyword, wanted, root, at))
}

fn one(value: &Json, keyword: &str, wanted: &Json, root: &Json, at: &str) -> Option<String> {
    let fails = |ok: bool| (!ok).then(|| format!("{at}: expected {keyword} {wanted:?}, found {value:?}"));
    match keyword {
        "$schema" | "title" | "description" | "$defs" => None,
        "type" => {
            let names = if wanted.as_list().is_empty() { std::slice::from_ref(wanted) } else { wanted.as_list() };
            fails(names.iter().any(|name| name.as_str() == kind(value)))
        }
        "const" => fails(value == wanted),
        "enum" => fails(wanted.as_list().contains(value)),
        "required" => fails(wanted.as_list().iter().all(|name| value.get(name.as_str()).is_some())),
        "minimum" => fails(matches!((value, wanted), (Json::Number(value), Json::Number(least)) if value >= least)),
        "pattern" => {
            assert_eq!(wanted.as_str(), "^([0-9a-f]{2})*$", "the only pattern that is known");
            let text = value.as_str();
            fails(text.len() % 2 == 0 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
        }
        "properties" => {
            let Json::Object(properties) = wanted else { return fails(false) };
            properties.iter().find_map(|(name, schema)| {
                value.get(name).and_then(|value| fault(value, schema, root, &format!("{at}.{name}")))
            })
        }
        "items" => {
            (value.as_list().iter().enumerate()).find_map(|(i, item)| fault(item, wanted, root, &format!("{at}[{i}]")))
        }
        "prefixItems" => (value.as_list().iter().zip(wanted.as_list()).enumerate())
            .find_map(|(i, (item, schema))| fault(item, schema, root, &format!("{at}[{i}]"))),
        "oneOf" => {
            fails(wanted.as_list().iter().filter(|schema| fault(value, schema, root, at).is_none()).count() == 1)
        }
        "$ref" => {
            let target =
                wanted.as_str().trim_start_matches("#/").split('/').try_fold(root, |schema, name| schema.get(name));
            target.map_or_else(|| fails(false), |schema| fault(value, schema, root, at))
        }
        other => Some(format!("{at}: the keyword {other} is not known")),
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "integer",
        Json::Text(_) => "string",
        Json::List(_) => "array",
        Json::Object(_) => "object",
    }
}
