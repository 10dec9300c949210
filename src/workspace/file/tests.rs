use super::*;

const EXAMPLE: &str = include_str!("fixtures/example.toml");

#[test]
fn the_example_opens() {
    let workspace = Workspace::parse("trailmap.toml", EXAMPLE).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(workspace.stages.len(), 5);
    assert_eq!(workspace.touchpoints.len(), 12);
}
