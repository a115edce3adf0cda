use super::Severity::{self, Breaking, Dangerous, Safe};
use super::{diff, max_severity};

/// Asserts that exactly one change is found between two schemas.
#[track_caller]
fn assert_change(old: &str, new: &str, severity: Severity, line: &str) {
    let changes = diff(old, new).unwrap();
    let lines: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(lines, [format!("{severity:<9} {line}")], "from {old} to {new}");
    assert_eq!(max_severity(&changes), Some(severity));
}

#[test]
fn types_and_their_kinds() {
    assert_change("type A { a: Int } type B { b: Int }", "type A { a: Int }", Breaking, "B  type removed");
    assert_change("type A { a: Int }", "type A { a: Int } enum B { X }", Safe, "B  enum added");
    assert_change("type A { a: Int }", "interface A { a: Int }", Breaking, "A  kind changed from type to interface");
    assert_change("scalar A", "enum A { X }", Breaking, "A  kind changed from scalar to enum");
}

#[test]
fn fields() {
    assert_change("type A { a: Int b: Int }", "type A { a: Int }", Breaking, "A.b  field removed");
    assert_change("interface A { a: Int b: Int }", "interface A { a: Int }", Breaking, "A.b  field removed");
    assert_change("type A { a: Int b: Int @deprecated }", "type A { a: Int }", Breaking, "A.b  field removed");
    assert_change("type A { a: Int }", "type A { a: Int b: Int }", Safe, "A.b  field added");
}

#[test]
fn output_types_may_only_become_narrower() {
    for (old, new, severity) in [
        ("String!", "String", Breaking),
        ("String", "String!", Safe),
        ("String", "Int", Breaking),
        ("String", "[String]", Breaking),
        ("[String]", "String", Breaking),
        ("[String]", "[String!]", Safe),
        ("[String!]", "[String]", Breaking),
        ("[String]", "[String!]!", Safe),
        ("[String!]!", "[String!]", Breaking),
        ("[[Int]]", "[[Int]!]!", Safe),
        ("[Int]!", "[String]!", Breaking),
    ] {
        let line = format!("A.a  type changed from {old} to {new}");
        assert_change(&format!("type A {{ a: {old} }}"), &format!("type A {{ a: {new} }}"), severity, &line);
    }
}

#[test]
fn input_types_may_only_become_wider() {
    for (old, new, severity) in [
        ("String", "String!", Breaking),
        ("String!", "String", Safe),
        ("String", "Int", Breaking),
        ("[Int!]", "[Int]", Safe),
        ("[Int]", "[Int!]", Breaking),
        ("[Int!]!", "[Int]", Safe),
        ("Int", "[Int]", Breaking),
    ] {
        let change = format!("type changed from {old} to {new}");
        let field = |ty: &str| format!("input A {{ a: {ty} }}");
        assert_change(&field(old), &field(new), severity, &format!("A.a  {change}"));
        let argument = |ty: &str| format!("type A {{ a(b: {ty}): Int }}");
        assert_change(&argument(old), &argument(new), severity, &format!("A.a(b:)  {change}"));
        let directive = |ty: &str| format!("directive @d(b: {ty}) on FIELD");
        assert_change(&directive(old), &directive(new), severity, &format!("@d(b:)  {change}"));
    }
}

#[test]
fn arguments_and_input_fields_are_added_and_removed() {
    let none = "type A { a: Int }";
    assert_change("type A { a(b: Int): Int }", none, Breaking, "A.a(b:)  argument removed");
    assert_change(none, "type A { a(b: Int!): Int }", Breaking, "A.a(b:)  required argument added");
    assert_change(none, "type A { a(b: Int): Int }", Dangerous, "A.a(b:)  optional argument added");
    assert_change(none, "type A { a(b: Int! = 1): Int }", Dangerous, "A.a(b:)  optional argument added");
    let none = "input A { a: Int }";
    assert_change("input A { a: Int b: Int }", none, Breaking, "A.b  input field removed");
    assert_change(none, "input A { a: Int b: Int! }", Breaking, "A.b  required input field added");
    assert_change(none, "input A { a: Int b: Int }", Dangerous, "A.b  optional input field added");
    assert_change(none, "input A { a: Int b: Int! = 1 }", Dangerous, "A.b  optional input field added");
}

#[test]
fn defaults() {
    for (old, new, severity, message) in [
        ("Int = 1", "Int = 2", Dangerous, "default changed from 1 to 2"),
        ("Int = 1", "Int", Dangerous, "default 1 removed"),
        ("Int", "Int = 1", Dangerous, "default 1 added"),
        ("Int! = 1", "Int!", Breaking, "default 1 removed: now required"),
        ("Int!", "Int! = 1", Safe, "default 1 added"),
    ] {
        let argument = |ty: &str| format!("type A {{ a(b: {ty}): Int }}");
        assert_change(&argument(old), &argument(new), severity, &format!("A.a(b:)  {message}"));
        let field = |ty: &str| format!("input A {{ a: {ty} }}");
        assert_change(&field(old), &field(new), severity, &format!("A.a  {message}"));
    }
    let object = |fields: &str| format!("type A {{ a(b: B = {{{fields}}}): Int }}");
    assert_eq!(diff(&object("x: 1, y: 2"), &object("y: 2, x: 1")), Ok(Vec::new()));
}

#[test]
fn values_members_and_interfaces() {
    assert_change("enum A { X Y }", "enum A { X }", Breaking, "A.Y  value removed");
    assert_change("enum A { X }", "enum A { X Y }", Dangerous, "A.Y  value added");
    assert_change("union A = X | Y", "union A = X", Breaking, "A  member Y removed");
    assert_change("union A = X", "union A = X | Y", Dangerous, "A  member Y added");
    assert_change("type A implements I { a: Int }", "type A { a: Int }", Breaking, "A  no longer implements I");
    assert_change("type A { a: Int }", "type A implements I { a: Int }", Dangerous, "A  now implements I");
    assert_change("interface A { a: Int }", "interface A implements I { a: Int }", Dangerous, "A  now implements I");
}

#[test]
fn directives() {
    assert_change("scalar A directive @d on FIELD", "scalar A", Breaking, "@d  directive removed");
    assert_change("scalar A", "scalar A directive @d on FIELD", Safe, "@d  directive added");
    assert_change("directive @d on FIELD | QUERY", "directive @d on FIELD", Breaking, "@d  no longer allowed on QUERY");
    assert_change("directive @d on FIELD", "directive @d on FIELD | QUERY", Safe, "@d  now allowed on QUERY");
    assert_change("directive @d repeatable on FIELD", "directive @d on FIELD", Breaking, "@d  no longer repeatable");
    assert_change("directive @d on FIELD", "directive @d repeatable on FIELD", Safe, "@d  now repeatable");
    assert_change("directive @d(a: Int) on FIELD", "directive @d on FIELD", Breaking, "@d(a:)  argument removed");
    assert_change(
        "directive @d on FIELD",
        "directive @d(a: Int!) on FIELD",
        Breaking,
        "@d(a:)  required argument added",
    );
}

#[test]
fn roots() {
    let types = "type A { a: Int } type B { a: Int }";
    let with = |block: &str| format!("schema {{ {block} }} {types}");
    assert_change(&with("query: A"), &with("query: B"), Breaking, "schema query  root type changed from A to B");
    assert_change(&with("query: A mutation: B"), &with("query: A"), Breaking, "schema mutation  root type removed");
    assert_change(&with("query: A"), &with("query: A subscription: B"), Safe, "schema subscription  root type added");
}

#[test]
fn descriptions_and_directives() {
    let deprecated = r#"@deprecated(reason: "No longer supported")"#;
    for (old, new) in [("a: Int", "a: Int @deprecated"), ("a(b: Int): Int", "a(b: Int @deprecated): Int")] {
        let coordinate = if old.contains('(') { "A.a(b:)" } else { "A.a" };
        let (old, new) = (format!("type A {{ {old} }}"), format!("type A {{ {new} }}"));
        assert_change(&old, &new, Safe, &format!("{coordinate}  {deprecated} added"));
        assert_change(&new, &old, Safe, &format!("{coordinate}  {deprecated} removed"));
    }
    assert_change("enum A { X }", "enum A { X @deprecated }", Safe, &format!("A.X  {deprecated} added"));
    assert_change("\"x\" scalar A", "\"y\" scalar A", Safe, "A  description changed from \"x\" to \"y\"");
    assert_change("scalar A", "\"y\" scalar A", Safe, "A  description added");
    assert_change("\"x\" scalar A", "scalar A", Safe, "A  description removed");
    assert_change("input A { a: Int }", "input A @oneOf { a: Int }", Breaking, "A  @oneOf added");
    assert_change("input A @oneOf { a: Int }", "input A { a: Int }", Safe, "A  @oneOf removed");
    let url = |url: &str| format!("scalar A @specifiedBy(url: \"{url}\")");
    assert_change(&url("x"), &url("y"), Dangerous, r#"A  @specifiedBy(url: "x") changed to @specifiedBy(url: "y")"#);
    assert_change(&url("x"), "scalar A", Dangerous, r#"A  @specifiedBy(url: "x") removed"#);
    assert_change("scalar A", &url("x"), Safe, r#"A  @specifiedBy(url: "x") added"#);
    assert_change("scalar A", "scalar A @d(a: 1)", Safe, "A  @d(a: 1) added");
}

#[test]
fn changes_are_sorted_by_severity() {
    let old = "type A { a: Int! z: Int } enum E { X }";
    let new = "\"New.\" type A { a: Int! } enum E { X Y }";
    let lines: Vec<_> = diff(old, new).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["BREAKING  A.z  field removed", "DANGEROUS E.Y  value added", "SAFE      A  description added"]);
    assert_eq!(max_severity(&[]), None);
}
