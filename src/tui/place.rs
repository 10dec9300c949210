//! Places: where the keys of a command work, and which places are in force together.

/// Where a command's keys work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Home,
    Funnel,
    Paths,
    Dwell,
    Cohorts,
    Map,
    Customers,
    Journey,
    /// Panes with rows to move over.
    Rows,
    /// Every pane.
    Panes,
    /// The screens that open data: files, and which column is what.
    Files,
    Columns,
    /// While the data is read, and when that failed.
    Loading,
    Failed,
    /// Overlays: a line to type into, a list to choose from, the help page, a page of text.
    Prompt,
    List,
    Help,
    Page,
    Tasks,
    /// Everything but places where letters are typed.
    Plain,
    Always,
}

impl Place {
    pub fn title(self) -> &'static str {
        match self {
            Place::Home => "Home",
            Place::Funnel => "Funnel",
            Place::Paths => "Paths",
            Place::Dwell => "Dwell",
            Place::Cohorts => "Cohorts",
            Place::Map => "Map",
            Place::Customers => "Customers",
            Place::Journey => "Timeline",
            Place::Rows => "Moving",
            Place::Panes => "Everywhere",
            Place::Files => "Opening",
            Place::Columns => "Columns",
            Place::Loading | Place::Failed => "Loading",
            Place::Prompt => "Typing",
            Place::List => "Choosing",
            Place::Help => "Help",
            Place::Page => "Reading",
            Place::Tasks => "Tasks",
            Place::Plain | Place::Always => "Always",
        }
    }
}

/// The places that are in force together, innermost first.
pub const MEETINGS: [&[Place]; 17] = [
    &[Place::Home, Place::Rows, Place::Panes, Place::Plain, Place::Always],
    &[Place::Funnel, Place::Rows, Place::Panes, Place::Plain, Place::Always],
    &[Place::Paths, Place::Rows, Place::Panes, Place::Plain, Place::Always],
    &[Place::Dwell, Place::Rows, Place::Panes, Place::Plain, Place::Always],
    &[Place::Map, Place::Rows, Place::Panes, Place::Plain, Place::Always],
    &[Place::Cohorts, Place::Rows, Place::Panes, Place::Plain, Place::Always],
    &[Place::Customers, Place::Rows, Place::Panes, Place::Plain, Place::Always],
    &[Place::Journey, Place::Rows, Place::Panes, Place::Plain, Place::Always],
    &[Place::Loading, Place::Plain, Place::Always],
    &[Place::Failed, Place::Plain, Place::Always],
    &[Place::Prompt, Place::Always],
    &[Place::List, Place::Always],
    &[Place::Help, Place::Always],
    &[Place::Page, Place::Always],
    &[Place::Tasks, Place::Always],
    &[Place::Files, Place::Always],
    &[Place::Columns, Place::Rows, Place::Plain, Place::Always],
];
