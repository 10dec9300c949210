//! The command table: what can be done, by which keys, where, in which words. Key lookup, the key line, the help page
//! and the palette are all made from it.

use super::columns::ColumnsAction;
use super::files::FilesAction;
use super::key::Key;
use super::panes::cohorts::CohortsAction;
use super::panes::customers::CustomersAction;
use super::panes::dwell::DwellAction;
use super::panes::funnel::FunnelAction;
use super::panes::home::HomeAction;
use super::panes::journey::JourneyAction;
use super::panes::map::MapAction;
use super::panes::paths::PathsAction;
pub use super::place::{MEETINGS, Place};
use super::screen::Screen;
use crate::workspace::Setting;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    App(AppAction),
    Row(RowAction),
    Entry(EntryAction),
    Home(HomeAction),
    Funnel(FunnelAction),
    Dwell(DwellAction),
    Cohorts(CohortsAction),
    Map(MapAction),
    Customers(CustomersAction),
    Journey(JourneyAction),
    Files(FilesAction),
    Columns(ColumnsAction),
    Paths(PathsAction),
}

/// What the app does whatever the pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppAction {
    Go(Screen),
    Back,
    Help,
    Palette,
    FilterEvents,
    FilterCustomers,
    RemoveFilter,
    FilterTo,
    FilterOut,
    SessionGap,
    Undo,
    Redo,
    HistoryBack,
    HistoryForward,
    SaveCohort,
    PinA,
    PinB,
    Cohorts,
    LeaveOutCohort,
    ForgetCohort,
    CopyValue,
    CopyIds,
    CopyCsv,
    CopyMarkdown,
    CopyJson,
    CopyCommand,
    Export,
    Steps,
    SaveSteps,
    SaveView,
    Tasks,
    Explain,
    Zoom,
    DataHealth,
    Settings,
    /// Changes one setting to its next value.
    Change(Setting),
    Interrupt,
    Redraw,
    Suspend,
    Quit,
    CancelLoad,
    Retry,
    ReadAll,
    OpenFile,
    MapColumns,
    RestoreSession,
}

/// Moving about in a list, and between the panels of a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowAction {
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    End,
    NextPanel,
    PreviousPanel,
}

/// What can be done while something is typed or chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryAction {
    Accept,
    Cancel,
    Complete,
    Next,
    Previous,
    PageNext,
    PagePrevious,
    Mark,
}

#[derive(Debug)]
pub struct Command {
    pub action: Action,
    /// What configuration and the manual call it.
    pub name: &'static str,
    /// Keys that do it; a sequence is written with a space between: `g g`.
    pub keys: &'static [&'static str],
    pub place: Place,
    pub doc: &'static str,
    /// Where it stands on the key line, and the word for it there. Neighbours with the same word share it.
    pub hint: Option<(u8, &'static str)>,
}

const fn command(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    place: Place,
    doc: &'static str,
) -> Command {
    Command { action, name, keys, place, doc, hint: None }
}

impl Command {
    const fn hint(mut self, rank: u8, word: &'static str) -> Self {
        self.hint = Some((rank, word));
        self
    }

    /// The keys as pressed where nobody changed them, one list per way to press them.
    pub fn sequences(&self) -> impl Iterator<Item = Vec<Key>> + '_ {
        self.keys.iter().map(|keys| keys.split(' ').filter_map(Key::named).collect())
    }
}

#[rustfmt::skip]
pub static COMMANDS: &[Command] = {
    use Action::{App, Cohorts, Columns, Customers, Dwell, Entry, Files, Funnel, Home, Journey, Map, Paths, Row};
    &[
    // Home
    command(Home(HomeAction::Open), "open", &["enter"], Place::Home, "Open what is under the cursor").hint(10, "open"),
    command(Home(HomeAction::AddToFunnel), "add-to-funnel", &["a"], Place::Home, "Add the event under the cursor to the funnel, as its last step").hint(14, "add to funnel"),

    // Funnel
    command(Funnel(FunnelAction::ListDropped), "list-dropped", &["enter"], Place::Funnel, "List who dropped after this step").hint(10, "dropped"),
    command(Funnel(FunnelAction::ListConverted), "list-converted", &["o"], Place::Funnel, "List who went on after this step, or who completed at the last one").hint(12, "converted"),
    command(Funnel(FunnelAction::ListOpen), "list-open", &[], Place::Funnel, "List who may still go on after this step"),
    command(Funnel(FunnelAction::AddStep), "add-step", &["a"], Place::Funnel, "Add a step after this one").hint(14, "add"),
    command(Funnel(FunnelAction::DropStep), "drop-step", &["X", "delete"], Place::Funnel, "Take this step out").hint(15, "take out"),
    command(Funnel(FunnelAction::EditStep), "edit-step", &["="], Place::Funnel, "Edit this step as text, with conditions and rules").hint(16, "edit"),
    command(Funnel(FunnelAction::MoveEarlier), "move-step-earlier", &["<"], Place::Funnel, "Move this step one place earlier").hint(18, "shift"),
    command(Funnel(FunnelAction::MoveLater), "move-step-later", &[">"], Place::Funnel, "Move this step one place later").hint(18, "shift"),
    command(Funnel(FunnelAction::SetWindow), "set-window", &["w"], Place::Funnel, "Set the conversion window, from the first step to any later one").hint(20, "window"),
    command(Funnel(FunnelAction::NextOrder), "change-order", &["O"], Place::Funnel, "Change how other events may stand between: ordered, strict, any").hint(26, "order"),
    command(Funnel(FunnelAction::Breakdown), "break-down", &["b"], Place::Funnel, "Break the funnel down by a column").hint(22, "breakdown"),
    command(Funnel(FunnelAction::NextView), "show-times", &["t"], Place::Funnel, "Show the times between steps instead of the breakdown, and back").hint(24, "times"),
    command(Funnel(FunnelAction::NextUnit), "change-unit", &[], Place::Funnel, "Count customers, sessions or attempts"),
    command(Funnel(FunnelAction::ToggleOptional), "make-step-optional", &[], Place::Funnel, "Make this step optional, or mandatory again"),
    command(Funnel(FunnelAction::ToggleMature), "leave-open-out", &[], Place::Funnel, "Leave those who may still convert out of the shares, or take them in"),
    command(Funnel(FunnelAction::ToggleFirstTime), "first-time-only", &[], Place::Funnel, "Let only a customer's first event of that name ever start a funnel, or any"),
    command(Funnel(FunnelAction::Clear), "clear-funnel", &[], Place::Funnel, "Take every step out"),

    command(Funnel(FunnelAction::Paths), "paths-of-dropped", &["p"], Place::Funnel, "Open the paths of those who dropped after this step, or of those who completed at the last").hint(13, "paths"),

    // Paths
    command(Paths(PathsAction::Open), "list-path", &["enter"], Place::Paths, "List the customers behind the number under the cursor").hint(10, "customers"),
    command(Paths(PathsAction::NextView), "next-path-view", &["v"], Place::Paths, "Go to the next view: tree, flow, ranking, transitions, loops, patterns").hint(6, "view"),
    command(Paths(PathsAction::PreviousView), "previous-path-view", &["V"], Place::Paths, "Go to the view before"),
    command(Paths(PathsAction::Left), "fold", &["h", "left"], Place::Paths, "Fold this branch, or go to the column on the left").hint(7, "fold/move"),
    command(Paths(PathsAction::Right), "unfold", &["l", "right"], Place::Paths, "Unfold this branch, or go to the column on the right").hint(7, "fold/move"),
    command(Paths(PathsAction::Toggle), "toggle-fold", &["space"], Place::Paths, "Fold or unfold this branch"),
    command(Paths(PathsAction::FoldAll), "fold-all", &["H"], Place::Paths, "Fold every branch"),
    command(Paths(PathsAction::UnfoldAll), "unfold-all", &["L"], Place::Paths, "Unfold every branch"),
    command(Paths(PathsAction::Reverse), "reverse", &["R"], Place::Paths, "Read backwards: what came before, or forwards again").hint(12, "reverse"),
    command(Paths(PathsAction::Centre), "start-here", &["c"], Place::Paths, "Start the paths at the touchpoint under the cursor").hint(14, "start here"),
    command(Paths(PathsAction::From), "start-at", &["a"], Place::Paths, "Choose the step where the paths start").hint(16, "start/end"),
    command(Paths(PathsAction::To), "end-at", &["A"], Place::Paths, "Choose the step where the paths end").hint(16, "start/end"),
    command(Paths(PathsAction::Whole), "whole-journeys", &["*"], Place::Paths, "Read whole journeys again, without a start and an end"),
    command(Paths(PathsAction::Depth), "set-depth", &["w"], Place::Paths, "Set how many touchpoints are read, or how long patterns are").hint(18, "depth"),
    command(Paths(PathsAction::Share), "set-min-share", &["%"], Place::Paths, "Set the least share that is shown alone").hint(19, "share"),
    command(Paths(PathsAction::Hide), "hide-touchpoint", &["n"], Place::Paths, "Leave the touchpoint under the cursor out, as noise").hint(20, "hide"),
    command(Paths(PathsAction::ShowHidden), "show-hidden", &["N"], Place::Paths, "Take in again every touchpoint that was left out"),
    command(Paths(PathsAction::Repeats), "keep-repeats", &["r"], Place::Paths, "Keep a touchpoint that directly follows itself, or take such a run as one").hint(22, "repeats"),
    command(Paths(PathsAction::Unit), "change-path-unit", &["O"], Place::Paths, "Count customers or sessions").hint(24, "unit"),
    command(Paths(PathsAction::Occurrence), "change-occurrence", &[], Place::Paths, "Start at the first event of the step, or at the last one"),
    command(Paths(PathsAction::Goal), "set-goal", &["G"], Place::Paths, "Set a goal, to see which share comes to it, or take the goal away").hint(23, "goal"),
    command(Paths(PathsAction::Sort), "sort-paths", &["s"], Place::Paths, "Sort by a column, or choose what the cells of the transitions show").hint(21, "sort"),
    command(Paths(PathsAction::Gaps), "let-gaps", &["."], Place::Paths, "Let other touchpoints stand between those of a pattern, or not").hint(11, "gaps"),
    command(Paths(PathsAction::ToFunnel), "path-to-funnel", &["T"], Place::Paths, "Look at this way as the steps of a funnel").hint(25, "to funnel"),

    // Dwell
    command(Dwell(DwellAction::Open), "open-visits", &["enter"], Place::Dwell, "List the visits under the cursor: of a stage, a bin, a point, an exit, the slow").hint(10, "visits"),
    command(Dwell(DwellAction::ListOpen), "list-still-there", &["o"], Place::Dwell, "List who is still there; on a bin, who has been there for so long").hint(11, "still there"),
    command(Dwell(DwellAction::ListCompleted), "list-moved-on", &["p"], Place::Dwell, "List who moved on from this stage").hint(12, "moved on"),
    command(Dwell(DwellAction::ListOver), "list-over-limit", &["O"], Place::Dwell, "List who is over the limit in this stage").hint(13, "over limit"),
    command(Dwell(DwellAction::ListReturned), "list-came-back", &["r"], Place::Dwell, "List who came back to this stage").hint(60, "came back"),
    command(Dwell(DwellAction::AddStage), "add-stage", &["a"], Place::Dwell, "Add a stage after this one: a name and its events").hint(14, "add stage"),
    command(Dwell(DwellAction::EditStage), "edit-stage", &["="], Place::Dwell, "Edit this stage as text").hint(16, "edit"),
    command(Dwell(DwellAction::DropStage), "drop-stage", &["X", "delete"], Place::Dwell, "Take this stage out").hint(15, "take out"),
    command(Dwell(DwellAction::MoveEarlier), "move-stage-earlier", &["<"], Place::Dwell, "Move this stage one place earlier").hint(18, "shift"),
    command(Dwell(DwellAction::MoveLater), "move-stage-later", &[">"], Place::Dwell, "Move this stage one place later").hint(18, "shift"),
    command(Dwell(DwellAction::ToggleTerminal), "end-in-stage", &["T"], Place::Dwell, "Let a journey end in this stage, so that its last visit is over, or no longer").hint(58, "may end here"),
    command(Dwell(DwellAction::NextPanel), "next-dwell-panel", &["t"], Place::Dwell, "Show the next of bins, curve, exits, slow tail and breakdown below").hint(17, "below"),
    command(Dwell(DwellAction::NextView), "next-dwell-view", &["v"], Place::Dwell, "Show boxes or all numbers").hint(19, "view"),
    command(Dwell(DwellAction::Breakdown), "break-stages-down", &["b"], Place::Dwell, "Break the stages down by a column, and test whether its values differ").hint(20, "breakdown"),
    command(Dwell(DwellAction::SetLimit), "set-limit", &["w"], Place::Dwell, "Set a length of time that is too long; nothing typed is no limit").hint(21, "limit"),
    command(Dwell(DwellAction::Between), "time-between", &["B"], Place::Dwell, "Time the way between two steps instead of stages, and back").hint(22, "between"),
    command(Dwell(DwellAction::NextSort), "sort-stages", &["s"], Place::Dwell, "Sort the stages by their order, median, visits or who is still there").hint(23, "sort"),
    command(Dwell(DwellAction::NextBins), "change-bins", &["L"], Place::Dwell, "Change between a log scale and an even one, in bins and axes").hint(24, "log/even"),
    command(Dwell(DwellAction::NextCensor), "change-censoring", &["c"], Place::Dwell, "Watch those still there until the data's end, or until their own last event").hint(25, "watch until"),
    command(Dwell(DwellAction::SetLeftAfter), "set-left-after", &["E"], Place::Dwell, "Count the silent as having left after a time; nothing typed is never").hint(59, "left after"),
    command(Dwell(DwellAction::NextPer), "time-every-event", &[], Place::Dwell, "Time every event until the next instead of visits, and back"),
    command(Dwell(DwellAction::Clear), "clear-stages", &[], Place::Dwell, "Take every stage out, so that each touchpoint is one"),

    // Cohorts
    command(Cohorts(CohortsAction::Open), "list-retained", &["enter"], Place::Cohorts, "List the customers behind the number under the cursor").hint(10, "customers"),
    command(Cohorts(CohortsAction::OpenGone), "list-gone", &["o"], Place::Cohorts, "List the others: who did not come back, or for whom the share does not hold").hint(12, "the others"),
    command(Cohorts(CohortsAction::NextView), "next-view", &["v"], Place::Cohorts, "Go to the next view: heat map, curves, comparison, mix or rate, lifecycle, stickiness").hint(13, "view"),
    command(Cohorts(CohortsAction::PreviousView), "previous-view", &["V"], Place::Cohorts, "Go to the previous view"),
    command(Cohorts(CohortsAction::Left), "cell-left", &["h", "left"], Place::Cohorts, "Move one cell to the left"),
    command(Cohorts(CohortsAction::Right), "cell-right", &["l", "right"], Place::Cohorts, "Move one cell to the right"),
    command(Cohorts(CohortsAction::Earlier), "shift-earlier", &["<"], Place::Cohorts, "Move by a page of periods to the left; in a comparison cut in time, cut one period earlier").hint(19, "shift"),
    command(Cohorts(CohortsAction::Later), "shift-later", &[">"], Place::Cohorts, "Move by a page of periods to the right; in a comparison cut in time, cut one period later").hint(19, "shift"),
    command(Cohorts(CohortsAction::NextUnit), "change-period", &["w"], Place::Cohorts, "Change the length of a period: day, week, month, quarter, year, hour").hint(14, "period"),
    command(Cohorts(CohortsAction::NextNumbers), "change-numbers", &["%"], Place::Cohorts, "Change what the cells say: share, customers, difference to all, churn").hint(15, "numbers"),
    command(Cohorts(CohortsAction::WhatChanged), "what-changed", &["c"], Place::Cohorts, "Compare who started before this cohort with who started from it on").hint(16, "what changed"),
    command(Cohorts(CohortsAction::Breakdown), "break-cohorts-down", &["b"], Place::Cohorts, "Break down by a column; in a comparison, make one cohort per value of it").hint(17, "by"),
    command(Cohorts(CohortsAction::AddCohort), "add-cohort", &["a"], Place::Cohorts, "Add a cohort to the comparison: a name, =, and an expression about customers").hint(18, "add cohort"),
    command(Cohorts(CohortsAction::SplitTime), "split-by-time", &["T"], Place::Cohorts, "Compare who started before a time with who started from it on").hint(18, "split time"),
    command(Cohorts(CohortsAction::UsePins), "compare-pins", &["P"], Place::Cohorts, "Compare the pinned A and B").hint(18, "pins"),
    command(Cohorts(CohortsAction::DropCohort), "drop-cohort", &["d"], Place::Cohorts, "Take the cohort under the cursor out of the comparison"),
    command(Cohorts(CohortsAction::Baseline), "make-baseline", &["="], Place::Cohorts, "Compare the others with the cohort under the cursor"),
    command(Cohorts(CohortsAction::AddSteps), "compare-steps", &["A"], Place::Cohorts, "Add funnel steps to the comparison; the first is the entry").hint(20, "steps"),
    command(Cohorts(CohortsAction::DropStep), "drop-compared-step", &["X"], Place::Cohorts, "Take the last funnel step out of the comparison"),
    command(Cohorts(CohortsAction::Window), "set-compared-window", &["D"], Place::Cohorts, "Set the conversion window of the steps that are compared"),
    command(Cohorts(CohortsAction::NextMode), "change-mode", &["O"], Place::Cohorts, "Change when a customer counts as back: on, on or after, on or before, streak").hint(21, "mode"),
    command(Cohorts(CohortsAction::Return), "set-return-step", &["B"], Place::Cohorts, "Set the event that counts as coming back, or that makes a customer active").hint(23, "back with"),
    command(Cohorts(CohortsAction::Start), "set-start-step", &["I"], Place::Cohorts, "Set the event that puts a customer into a cohort").hint(23, "start"),
    command(Cohorts(CohortsAction::AnyEvent), "any-event", &[], Place::Cohorts, "Let any event start and any event count as coming back again"),
    command(Cohorts(CohortsAction::CohortBy), "cohorts-by", &["p"], Place::Cohorts, "Say what makes a cohort: a period of the start, a column or an expression").hint(22, "cohort by"),
    command(Cohorts(CohortsAction::Rolling), "own-periods", &["R"], Place::Cohorts, "Count periods since each customer's own start, or by the calendar"),
    command(Cohorts(CohortsAction::Recurring), "recurring-cohorts", &["r"], Place::Cohorts, "Put customers into every period in which they started, or only into the first"),
    command(Cohorts(CohortsAction::MinCount), "set-min-count", &["N"], Place::Cohorts, "Set how many return events a period needs"),
    command(Cohorts(CohortsAction::Brackets), "set-brackets", &["L"], Place::Cohorts, "Take periods together: 0,1-3,4-7,8-30"),
    command(Cohorts(CohortsAction::Sort), "sort-cohorts", &["s"], Place::Cohorts, "Sort the cohorts by size, or by period again").hint(24, "sort"),

    // Map
    command(Map(MapAction::Open), "open-cell", &["enter"], Place::Map, "List the customers behind the cell under the cursor; on a time, open the stage's dwell").hint(10, "customers"),
    command(Map(MapAction::OpenOther), "open-cell-others", &["o"], Place::Map, "List the others behind the cell: who still waits, who said something bad, who was lost").hint(12, "the others"),
    command(Map(MapAction::NextView), "next-map-view", &["v"], Place::Map, "Go to the next view: journey, experience, blueprint, pains").hint(6, "view"),
    command(Map(MapAction::PreviousView), "previous-map-view", &["V"], Place::Map, "Go to the view before"),
    command(Map(MapAction::Left), "map-left", &["h", "left"], Place::Map, "Move one cell to the left").hint(7, "cell"),
    command(Map(MapAction::Right), "map-right", &["l", "right"], Place::Map, "Move one cell to the right").hint(7, "cell"),
    command(Map(MapAction::Persona), "choose-persona", &["P"], Place::Map, "Keep only the customers of a persona of the workspace, in every lane").hint(14, "persona"),
    command(Map(MapAction::Colour), "colour-by", &["c"], Place::Map, "Show mood, volume or the lost in the cells of the experience").hint(15, "mood/volume/lost"),
    command(Map(MapAction::Transpose), "transpose", &["T"], Place::Map, "Turn rows into columns").hint(16, "transpose"),
    command(Map(MapAction::Grouping), "group-by", &["b"], Place::Map, "Show channels in place of touchpoints, and back").hint(17, "channels"),
    command(Map(MapAction::Unfold), "unfold-lanes", &["."], Place::Map, "Show every touchpoint, channel and pain of a lane, or the first few").hint(18, "all lines"),
    command(Map(MapAction::Find), "find-comments", &["/"], Place::Map, "Keep only the comments that hold a text; nothing typed shows all").hint(19, "find comments"),
    command(Map(MapAction::Sort), "sort-pains", &["s"], Place::Map, "Sort the pains by pain, severity, reach or money").hint(20, "sort"),
    command(Map(MapAction::Times), "stage-times", &["t"], Place::Map, "Open the dwell of this stage, among the same stages").hint(21, "times"),
    command(Map(MapAction::Funnel), "stages-as-funnel", &["p"], Place::Map, "Open the stages as the steps of a funnel").hint(22, "funnel"),
    command(Map(MapAction::AddStage), "add-map-stage", &["a"], Place::Map, "Add a stage after this one: a name and its events").hint(23, "add stage"),
    command(Map(MapAction::EditStage), "edit-map-stage", &["="], Place::Map, "Edit this stage as text").hint(58, "edit"),
    command(Map(MapAction::DropStage), "drop-map-stage", &["X", "delete"], Place::Map, "Take this stage out").hint(59, "take out"),
    command(Map(MapAction::MoveEarlier), "move-map-stage-earlier", &["<"], Place::Map, "Move this stage one place earlier").hint(60, "shift"),
    command(Map(MapAction::MoveLater), "move-map-stage-later", &[">"], Place::Map, "Move this stage one place later").hint(60, "shift"),
    command(Map(MapAction::DwellStages), "take-dwell-stages", &["D"], Place::Map, "Take the stages that the Dwell pane asks about").hint(24, "stages of Dwell"),
    command(Map(MapAction::Goal), "set-map-goal", &["G"], Place::Map, "Set what customers are meant to reach, to see what pains cost, or take the goal away").hint(25, "goal"),
    command(Map(MapAction::Comment), "set-comment-column", &["K"], Place::Map, "Set the column with what customers wrote beside a score").hint(61, "comments"),
    command(Map(MapAction::Notes), "map-notes", &["N"], Place::Map, "Read what is to be known beside the numbers: what is not mapped, what is a gap and why").hint(26, "notes"),
    command(Map(MapAction::Clear), "clear-map-stages", &[], Place::Map, "Take every stage out, so that those of the workspace are back"),

    // Customers
    command(Customers(CustomersAction::Open), "open-timeline", &["enter"], Place::Customers, "Open this customer's timeline").hint(10, "timeline"),
    command(Customers(CustomersAction::Sort), "sort", &["s"], Place::Customers, "Sort by a column; choose the same column again to reverse").hint(14, "sort"),
    command(Customers(CustomersAction::Unsort), "sort-by-id", &[], Place::Customers, "Go back to the order of customer ids"),
    command(Customers(CustomersAction::Find), "find", &["/"], Place::Customers, "Find a customer by part of the id").hint(16, "find"),
    command(Customers(CustomersAction::Mark), "mark", &["space"], Place::Customers, "Mark this customer, or take the mark away").hint(18, "mark"),
    command(Customers(CustomersAction::MarkRange), "mark-range", &["V"], Place::Customers, "Mark everybody from the last mark to here"),
    command(Customers(CustomersAction::MarkAll), "mark-all", &["*"], Place::Customers, "Mark everybody in the list"),
    command(Customers(CustomersAction::Unmark), "unmark-all", &[], Place::Customers, "Take every mark away"),

    // Timeline
    command(Journey(JourneyAction::Fields), "show-fields", &["enter"], Place::Journey, "Show every field of this event in full").hint(10, "fields"),
    command(Journey(JourneyAction::Next), "next-customer", &["J"], Place::Journey, "Go to the next customer of the list").hint(12, "customer"),
    command(Journey(JourneyAction::Previous), "previous-customer", &["K"], Place::Journey, "Go to the previous customer of the list").hint(12, "customer"),
    command(Journey(JourneyAction::NextSame), "next-same-event", &["="], Place::Journey, "Go to the next event of the same name").hint(24, "same event"),
    command(Journey(JourneyAction::WhoHad), "list-who-had", &["o"], Place::Journey, "List everybody who had an event of this name").hint(20, "who had it"),

    // Moving
    command(Row(RowAction::Down), "down", &["j", "down"], Place::Rows, "Move down").hint(5, "move"),
    command(Row(RowAction::Up), "up", &["k", "up"], Place::Rows, "Move up").hint(5, "move"),
    command(Row(RowAction::PageDown), "page-down", &["pagedown", "ctrl-f"], Place::Rows, "Move down by a page"),
    command(Row(RowAction::PageUp), "page-up", &["pageup"], Place::Rows, "Move up by a page"),
    command(Row(RowAction::Top), "top", &["g g", "home"], Place::Rows, "Go to the top").hint(90, "top"),
    command(Row(RowAction::End), "end", &["g e", "end"], Place::Rows, "Go to the end").hint(90, "end"),
    command(Row(RowAction::NextPanel), "next-panel", &["tab"], Place::Rows, "Go to the next panel").hint(28, "panel"),
    command(Row(RowAction::PreviousPanel), "previous-panel", &["backtab"], Place::Rows, "Go to the previous panel"),

    // Everywhere
    command(App(AppAction::Back), "back", &["esc", "backspace"], Place::Panes, "Go back one level, with the cursor where it was").hint(27, "back"),
    command(App(AppAction::Go(Screen::Home)), "go-home", &["1"], Place::Panes, "Go to Home: what is in the data and how far to trust it").hint(40, "pane"),
    command(App(AppAction::Go(Screen::Funnel)), "go-funnel", &["2"], Place::Panes, "Go to Funnel: who reaches each step, in order, in time").hint(40, "pane"),
    command(App(AppAction::Go(Screen::Paths)), "go-paths", &["3"], Place::Panes, "Go to Paths: which ways customers go, and where each way ends").hint(40, "pane"),
    command(App(AppAction::Go(Screen::Dwell)), "go-dwell", &["4"], Place::Panes, "Go to Dwell: how long customers stay, counting who is still there").hint(40, "pane"),
    command(App(AppAction::Go(Screen::Cohorts)), "go-cohorts", &["5"], Place::Panes, "Go to Cohorts: who comes back, and how groups differ").hint(40, "pane"),
    command(App(AppAction::Go(Screen::Map)), "go-map", &["6"], Place::Panes, "Go to Map: the journey map, with people, moods, channels and pains by stage").hint(40, "pane"),
    command(App(AppAction::Go(Screen::Customers)), "go-customers", &["7"], Place::Panes, "Go to Customers: everybody, one line each").hint(40, "pane"),
    command(App(AppAction::FilterEvents), "filter-events", &["f"], Place::Panes, "Keep only the events for which an expression holds").hint(30, "filter"),
    command(App(AppAction::FilterCustomers), "filter-customers", &["F"], Place::Panes, "Keep only the customers for whom an expression holds").hint(31, "filter customers"),
    command(App(AppAction::RemoveFilter), "remove-filter", &["x"], Place::Panes, "Remove a filter").hint(32, "unfilter"),
    command(App(AppAction::FilterTo), "filter-to-value", &["+"], Place::Panes, "Keep only events like the one under the cursor").hint(34, "only/without"),
    command(App(AppAction::FilterOut), "filter-out-value", &["-"], Place::Panes, "Leave out events like the one under the cursor").hint(34, "only/without"),
    command(App(AppAction::SessionGap), "set-session-gap", &[], Place::Panes, "Set the gap after which a new session starts"),
    command(App(AppAction::Undo), "undo", &["u"], Place::Panes, "Undo the last change of the funnel or the filter").hint(36, "undo"),
    command(App(AppAction::Redo), "redo", &["U"], Place::Panes, "Redo what was undone").hint(37, "redo"),
    command(App(AppAction::HistoryBack), "history-back", &["["], Place::Panes, "Go back to where you were before").hint(60, "history"),
    command(App(AppAction::HistoryForward), "history-forward", &["]"], Place::Panes, "Go forward again, to where you were").hint(60, "history"),
    command(App(AppAction::SaveCohort), "save-cohort", &["C"], Place::Panes, "Save these customers as a cohort").hint(33, "save cohort"),
    command(App(AppAction::PinA), "pin-a", &["m"], Place::Panes, "Pin these customers as A, to be compared").hint(35, "pin A/B"),
    command(App(AppAction::PinB), "pin-b", &["M"], Place::Panes, "Pin these customers as B, to be compared").hint(35, "pin A/B"),
    command(App(AppAction::Cohorts), "cohorts", &["g c"], Place::Panes, "Choose a cohort, and keep only its customers"),
    command(App(AppAction::LeaveOutCohort), "leave-out-cohort", &["g x"], Place::Panes, "Choose a cohort, and leave out its customers"),
    command(App(AppAction::ForgetCohort), "forget-cohort", &[], Place::Panes, "Forget a saved cohort"),
    command(App(AppAction::CopyValue), "copy-value", &["y y"], Place::Panes, "Copy what is under the cursor").hint(17, "copy…"),
    command(App(AppAction::CopyIds), "copy-ids", &["y i"], Place::Panes, "Copy the first column of this list, one per line: of customers, their ids"),
    command(App(AppAction::CopyCsv), "copy-csv", &["y c"], Place::Panes, "Copy this table as CSV"),
    command(App(AppAction::CopyMarkdown), "copy-markdown", &["y m"], Place::Panes, "Copy this table as Markdown"),
    command(App(AppAction::CopyJson), "copy-json", &["y j"], Place::Panes, "Copy this table as JSON lines"),
    command(App(AppAction::CopyCommand), "copy-command", &["y b"], Place::Panes, "Copy the batch command that gives this screen"),
    command(App(AppAction::Export), "export", &["e"], Place::Panes, "Write this table to a file, in any format").hint(39, "export"),
    command(App(AppAction::Steps), "steps", &["g u"], Place::Panes, "List the steps that led here"),
    command(App(AppAction::SaveSteps), "save-steps", &["g s"], Place::Panes, "Write the steps as a shell script that prints their tables"),
    command(App(AppAction::SaveView), "save-view", &["S"], Place::Panes, "Save this view into the workspace; trailmap run answers it again").hint(41, "save view"),
    command(App(AppAction::Tasks), "tasks", &["W"], Place::Panes, "List what runs in the background").hint(62, "tasks"),
    command(App(AppAction::Explain), "explain", &["i"], Place::Panes, "Explain what is on the screen, and what the numbers mean").hint(42, "explain"),
    command(App(AppAction::DataHealth), "data-health", &["g d"], Place::Panes, "Show how the data was read, what was refused, and why"),
    command(App(AppAction::Zoom), "zoom", &["z"], Place::Panes, "Give the panel with the focus the whole pane; again, or Esc, shows them all").hint(29, "zoom"),
    command(App(AppAction::Palette), "commands", &["ctrl-p", ":"], Place::Panes, "Find and run any command").hint(44, "commands"),
    command(App(AppAction::Help), "help", &["?", "f1"], Place::Panes, "Show the keys that work here").hint(255, "help"),

    // Loading
    command(App(AppAction::CancelLoad), "cancel-load", &["esc"], Place::Loading, "Stop reading").hint(10, "stop reading"),
    command(App(AppAction::ReadAll), "read-again-all", &[], Place::Panes, "Read the data again, all of it"),
    command(App(AppAction::Retry), "read-again", &["r"], Place::Failed, "Read the data again").hint(10, "read again"),

    command(App(AppAction::OpenFile), "open-file", &["g o"], Place::Panes, "Open other data"),
    command(App(AppAction::MapColumns), "map-columns", &["g m"], Place::Panes, "Say which column is what, and read again"),
    command(App(AppAction::RestoreSession), "restore-session", &["g r"], Place::Panes, "Go on where you left this data the last time"),
    command(App(AppAction::MapColumns), "map-columns-now", &["m"], Place::Failed, "Say which column is what, and read the data").hint(12, "map columns"),
    command(App(AppAction::OpenFile), "open-file-instead", &["o"], Place::Failed, "Open another file").hint(14, "open another"),

    // Opening
    command(Files(FilesAction::Open), "open-chosen", &["enter"], Place::Files, "Open the file, or go into the folder").hint(10, "open"),
    command(Files(FilesAction::Down), "next-file", &["down", "tab"], Place::Files, "Go down").hint(12, "move"),
    command(Files(FilesAction::Up), "previous-file", &["up", "backtab"], Place::Files, "Go up").hint(12, "move"),
    command(Files(FilesAction::PageDown), "files-page-down", &["pagedown"], Place::Files, "Go down by a page"),
    command(Files(FilesAction::PageUp), "files-page-up", &["pageup"], Place::Files, "Go up by a page"),
    command(Files(FilesAction::Mark), "mark-file", &["space"], Place::Files, "Mark this file, to open several together").hint(14, "mark"),
    command(Files(FilesAction::Above), "folder-above", &["backspace"], Place::Files, "Go to the folder above").hint(16, "folder above"),
    command(Files(FilesAction::Leave), "leave-files", &["esc"], Place::Files, "Take back what was typed, then leave").hint(18, "leave"),
    command(Files(FilesAction::Quit), "quit-files", &["ctrl-d"], Place::Files, "Quit").hint(20, "quit"),
    command(Columns(ColumnsAction::Accept), "accept-columns", &["enter"], Place::Columns, "Read the data like this").hint(4, "read it"),
    command(Columns(ColumnsAction::Choose), "choose-column", &["space"], Place::Columns, "Choose another column, or another answer").hint(6, "choose"),
    command(Columns(ColumnsAction::Previous), "previous-answer", &["left"], Place::Columns, "Take the answer before this one").hint(8, "pick"),
    command(Columns(ColumnsAction::Next), "next-answer", &["right"], Place::Columns, "Take the answer after this one").hint(8, "pick"),
    command(Columns(ColumnsAction::CopyFlags), "copy-flags", &["y b"], Place::Columns, "Copy these choices as flags of the batch commands").hint(30, "copy as flags"),
    command(Columns(ColumnsAction::Report), "sample-report", &["i"], Place::Columns, "Show how the start of the data was read").hint(32, "report"),
    command(Columns(ColumnsAction::Back), "leave-columns", &["esc", "backspace"], Place::Columns, "Leave everything as it was").hint(34, "back"),

    // Overlays
    command(Entry(EntryAction::Accept), "accept", &["enter"], Place::Prompt, "Accept").hint(10, "accept"),
    command(Entry(EntryAction::Complete), "complete", &["tab"], Place::Prompt, "Complete with the marked proposal").hint(12, "complete"),
    command(Entry(EntryAction::Next), "next-proposal", &["down"], Place::Prompt, "Go to the next proposal").hint(14, "proposal"),
    command(Entry(EntryAction::Previous), "previous-proposal", &["up"], Place::Prompt, "Go to the previous proposal").hint(14, "proposal"),
    command(Entry(EntryAction::Mark), "mark-proposal", &["space"], Place::Prompt, "Mark this proposal, to take several at once").hint(16, "mark"),
    command(Entry(EntryAction::Cancel), "cancel", &["esc"], Place::Prompt, "Leave everything as it was").hint(18, "leave"),
    command(Entry(EntryAction::Accept), "choose", &["enter"], Place::List, "Take the one under the cursor").hint(10, "choose"),
    command(Entry(EntryAction::Next), "next-choice", &["down", "tab"], Place::List, "Go down").hint(12, "move"),
    command(Entry(EntryAction::Previous), "previous-choice", &["up", "backtab"], Place::List, "Go up").hint(12, "move"),
    command(Entry(EntryAction::PageNext), "page-of-choices-down", &["pagedown"], Place::List, "Go down by a page"),
    command(Entry(EntryAction::PagePrevious), "page-of-choices-up", &["pageup"], Place::List, "Go up by a page"),
    command(Entry(EntryAction::Cancel), "close-list", &["esc"], Place::List, "Close the list").hint(18, "close"),
    command(Entry(EntryAction::Accept), "run-key", &["enter"], Place::Help, "Run the one under the cursor").hint(10, "run"),
    command(Entry(EntryAction::Next), "next-key", &["down", "tab"], Place::Help, "Go down").hint(12, "move"),
    command(Entry(EntryAction::Previous), "previous-key", &["up", "backtab"], Place::Help, "Go up").hint(12, "move"),
    command(Entry(EntryAction::PageNext), "page-of-keys-down", &["pagedown"], Place::Help, "Go down by a page"),
    command(Entry(EntryAction::PagePrevious), "page-of-keys-up", &["pageup"], Place::Help, "Go up by a page"),
    command(Entry(EntryAction::Cancel), "close-help", &["esc"], Place::Help, "Close the help").hint(18, "close"),
    command(Entry(EntryAction::Next), "scroll-down", &["j", "down"], Place::Page, "Scroll down").hint(12, "scroll"),
    command(Entry(EntryAction::Previous), "scroll-up", &["k", "up"], Place::Page, "Scroll up").hint(12, "scroll"),
    command(Entry(EntryAction::PageNext), "scroll-page-down", &["pagedown", "space"], Place::Page, "Scroll down by a page"),
    command(Entry(EntryAction::PagePrevious), "scroll-page-up", &["pageup"], Place::Page, "Scroll up by a page"),
    command(Entry(EntryAction::Cancel), "close-page", &["esc", "q", "enter", "backspace"], Place::Page, "Close the page").hint(10, "close"),

    command(Entry(EntryAction::Next), "next-task", &["j", "down"], Place::Tasks, "Go down").hint(12, "move"),
    command(Entry(EntryAction::Previous), "previous-task", &["k", "up"], Place::Tasks, "Go up").hint(12, "move"),
    command(Entry(EntryAction::Accept), "stop-task", &["x"], Place::Tasks, "Stop the task under the cursor").hint(10, "stop"),
    command(Entry(EntryAction::Cancel), "close-tasks", &["esc", "q", "W"], Place::Tasks, "Close the list of tasks").hint(18, "close"),
    // Settings
    command(App(AppAction::Change(Setting::Theme)), "change-theme", &[", t"], Place::Plain, "Change the colours: dark, light, 16, none, or as the terminal is"),
    command(App(AppAction::Change(Setting::Glyphs)), "change-signs", &[", a"], Place::Plain, "Draw with ASCII only, or with all signs"),
    command(App(AppAction::Change(Setting::SlowLine)), "change-slow-line", &[", l"], Place::Plain, "Send less over a slow line, or everything"),
    command(App(AppAction::Change(Setting::Mouse)), "change-mouse", &[", m"], Place::Plain, "Let the mouse scroll and point, or leave it to the terminal"),
    command(App(AppAction::Change(Setting::Times)), "change-time-zone", &[", u"], Place::Plain, "Show times in the data's zone, or in UTC"),
    command(App(AppAction::Settings), "settings", &[", ,"], Place::Plain, "Show every setting, and change it"),

    // Always
    command(App(AppAction::Quit), "quit", &["q"], Place::Plain, "Quit").hint(46, "quit"),
    command(App(AppAction::Interrupt), "interrupt", &["ctrl-c"], Place::Always, "Stop what is being computed, or close what is open"),
    command(App(AppAction::Redraw), "redraw", &["ctrl-l"], Place::Always, "Draw the screen anew"),
    command(App(AppAction::Suspend), "suspend", &["ctrl-z"], Place::Always, "Go back to the shell; fg comes back here"),
    ]
};

/// The row of an action, for messages that name its key.
pub fn of(action: Action) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.action == action)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_key_means_two_things_where_both_are_in_force() {
        for places in MEETINGS {
            let mut taken: Vec<(Vec<Key>, &str)> = Vec::new();
            for command in COMMANDS.iter().filter(|command| places.contains(&command.place)) {
                for keys in command.sequences() {
                    for (other, name) in &taken {
                        assert!(
                            !(keys.starts_with(other) || other.starts_with(&keys)),
                            "{} and {name} share {keys:?} in {places:?}",
                            command.name
                        );
                    }
                    taken.push((keys, command.name));
                }
            }
        }
    }

    #[test]
    fn names_are_kebab_case_and_used_once() {
        let mut names = HashSet::new();
        for command in COMMANDS {
            assert!(command.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", command.name);
            assert!(names.insert(command.name), "{} twice", command.name);
        }
    }

    #[test]
    fn docs_are_imperative_sentences_without_a_full_stop() {
        for command in COMMANDS {
            let doc = command.doc;
            assert!(doc.starts_with(|c: char| c.is_uppercase()) && !doc.ends_with('.'), "{doc}");
            let verb = doc.split([' ', ',']).next().expect("a first word");
            assert!(!verb.ends_with('s') || verb == "Press", "{doc}: say what to do, not what is done");
        }
    }

    #[test]
    fn every_key_can_be_read_and_sent_by_a_plain_terminal() {
        let forbidden = ["ctrl-a", "ctrl-b", "ctrl-s", "ctrl-q", "ctrl-h", "ctrl-i", "ctrl-j", "ctrl-m"];
        for command in COMMANDS {
            for keys in command.keys {
                for key in keys.split(' ') {
                    assert!(Key::named(key).is_some(), "{}: {key}", command.name);
                    assert!(!forbidden.contains(&key), "{}: {key} belongs to the terminal", command.name);
                }
            }
            let only_functions = !command.keys.is_empty()
                && command
                    .keys
                    .iter()
                    .all(|key| Key::named(key).is_some_and(|key| matches!(key.code, crate::tui::key::Code::F(_))));
            assert!(!only_functions, "{} can only be reached by a function key", command.name);
        }
    }

    #[test]
    fn every_place_is_in_force_somewhere() {
        for command in COMMANDS {
            assert!(MEETINGS.iter().any(|places| places.contains(&command.place)), "{}", command.name);
        }
    }
}
