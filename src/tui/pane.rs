//! What a pane is: a cursor and a question. It never starts work; it says what it wants, and the app asks.

use ratatui::layout::Rect;

use super::cohort::Cohort;
use super::command::{Action, Place};
use super::filter::Condition;
use super::paint::Pen;
use super::panes::cohorts::Asked;
use super::panes::funnel::FunnelPane;
use super::panes::map::Wanted;
use super::panes::paths::Field;
use super::picker::Picker;
use super::prompt::Prompt;
use crate::analysis::map::Plan;
use crate::analysis::{Among, Answer, MapSpec, Scope, Spec};
use crate::base::Zone;
use crate::ingest::LoadReport;
use crate::table::Table;

/// What is known when a pane is asked to do or to draw something.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The newest answer there is; it may be to an earlier question.
    pub answer: Option<&'a Answer>,
    /// The question that `answer` answers.
    pub answered: Option<&'a Spec>,
    /// The first table of the answer, for panes that show one.
    pub table: Option<&'a Table>,
    /// What the pane listens to beside the answer, once it is heard.
    pub voices: Option<&'a Table>,
    /// The order in which the table's rows are shown, where it is not its own.
    pub order: Option<&'a [u32]>,
    pub report: Option<&'a LoadReport>,
    /// Rows that the pane had room for when it was last drawn.
    pub page: usize,
    /// Whether the panel with the focus has the whole pane.
    pub is_zoomed: bool,
    /// The zone that times are shown in.
    pub zone: &'a Zone,
}

impl Facts<'_> {
    /// The table's row that is shown in place `place`.
    pub fn row_at(&self, place: usize) -> usize {
        self.order.and_then(|order| order.get(place)).map_or(place, |&row| row as usize)
    }
}

/// What a text was typed or chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    AddStep,
    EditStep,
    Window,
    AddStage,
    EditStage,
    Limit,
    LeftAfter,
    BetweenFrom,
    BetweenTo,
    SessionGap,
    FilterEvents,
    FilterCustomers,
    RemoveFilter,
    SaveCohort,
    ChooseCohort,
    WithoutCohort,
    ForgetCohort,
    ExportFormat,
    ExportPath,
    ViewName,
    Breakdown,
    SortBy,
    Find,
    Command,
    Setting,
    OpenHow,
    RestoreSession,
    ColumnOfRole,
    ZoneOfTimes,
    FormatOfTimes,
    /// A part of the question about paths.
    Paths(Field),
    /// Something that the cohorts pane asked for.
    Cohorts(Asked),
    /// Something that the map pane asked for.
    Map(Wanted),
}

/// What a pane wants done that it cannot do itself.
pub enum Effect {
    /// Go one level deeper.
    Push(Box<dyn Pane>),
    Ask(Prompt),
    Pick(Picker),
    /// Choose a column to break down by, or none; the one that is set now.
    PickBreakdown(Option<String>),
    /// A page of text over the screen: a title and its lines.
    Read(String, Vec<String>),
    Say(String),
    /// Order the table by this column.
    Sort {
        column: usize,
        descending: bool,
    },
    Unsort,
    /// Find a row that holds the text in its first column, behind this place.
    Find {
        text: String,
        behind: usize,
    },
    /// The journey of the customer this many rows further down the list below.
    Neighbour(isize),
    /// Everybody who had an event of this name.
    WhoHad(String),
    /// Look at these steps as a funnel.
    OpenFunnel(Vec<String>),
    /// Put this event behind the funnel's last step.
    AddToFunnel(String),
    OpenCustomers,
    OpenHealth,
    /// Ask the map about the stages of the dwell pane.
    TakeDwellStages,
    /// Keep only customers for whom this holds, in place of what was asked of them before; nothing keeps everybody.
    FilterCustomersTo(String),
}

/// What customers wrote about a place of a map: wanted beside the map itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Voices {
    pub of: MapSpec,
    pub cell: String,
    /// Only comments that hold this text.
    pub text: String,
}

/// Some customers, and what they have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub among: Among,
    pub title: String,
    pub size: u64,
}

pub trait Pane {
    /// The place of the keys that are this pane's own.
    fn place(&self) -> Place;

    /// The question this pane wants answered, if there is enough to ask.
    fn spec(&self) -> Option<Spec>;

    fn set_scope(&mut self, scope: &Scope);

    /// # Errors
    /// Why this cannot be done now, in words that follow a command's name.
    fn allows(&self, action: Action, facts: &Facts<'_>) -> Result<(), &'static str>;

    fn update(&mut self, action: Action, facts: &Facts<'_>) -> Option<Effect>;

    /// Takes what was typed or chosen.
    ///
    /// # Errors
    /// What is wrong with it; the person goes on typing.
    fn entered(&mut self, _: Purpose, _: &[String], _: &Facts<'_>) -> Result<Option<Effect>, String> {
        Ok(None)
    }

    /// The next answers will be about other data: forget what only the old data knows.
    fn data_changed(&mut self) {}

    /// Moves the cursor to a row of a panel; the numbers are those of the targets that the pane drew.
    fn point(&mut self, _: u8, _: usize, _: &Facts<'_>) {}

    /// There is a new answer, or its rows are in another order: keep the cursor on what it was on.
    fn arrived(&mut self, _: &Facts<'_>) {}

    /// The search for a text ended at this place.
    fn found(&mut self, _: usize, _: &Facts<'_>) {}

    /// This level in the breadcrumb.
    fn crumb(&self, facts: &Facts<'_>) -> String;

    /// What the pane shows and how to read it, in a few sentences.
    fn explain(&self) -> &'static [&'static str];

    /// Whether there are several panels, of which one can have the whole pane.
    fn can_zoom(&self) -> bool {
        false
    }

    /// Draws the pane and returns how many rows of its list there was room for.
    fn view(&self, facts: &Facts<'_>, area: Rect, pen: &mut Pen<'_>) -> usize;

    /// The value under the cursor, for filters.
    fn condition_under_cursor(&self, _: &Facts<'_>) -> Option<Condition> {
        None
    }

    /// What the cursor is on, as text to copy.
    fn value_under_cursor(&self, facts: &Facts<'_>) -> Option<String> {
        self.condition_under_cursor(facts)?.value
    }

    /// The customers that the cursor is on, to be saved, pinned or filtered to.
    ///
    /// # Errors
    /// Why there are none, in words that follow a command's name.
    fn group(&self, _: &Facts<'_>) -> Result<Group, &'static str> {
        Err("needs a list of customers, or a number of them")
    }

    /// The table of the answer that the cursor is in, where it is not the first.
    fn table_name(&self, _: &Facts<'_>) -> Option<&'static str> {
        None
    }

    /// The rows that are shown or marked, in their order, where that is not simply all of them.
    fn chosen_rows(&self, _: &Facts<'_>) -> Option<Vec<usize>> {
        None
    }

    /// A table under the cursor that is none of the answer's.
    fn own_table(&self, _: &Facts<'_>) -> Option<Table> {
        None
    }

    /// What this pane asks, for undo, even where it is not enough to be asked; `None` for panes that undo does not touch.
    fn draft(&self) -> Option<Spec> {
        None
    }

    /// Goes back to a question that `draft` gave.
    fn set_draft(&mut self, _: Spec) {}

    /// Moves the cursor and returns the customer there, for panes that list customers.
    fn step_to_customer(&mut self, _: isize, _: &Facts<'_>) -> Option<String> {
        None
    }

    /// The cursor's place and the list's length, for panes that list customers.
    fn cursor_of(&self, _: &Facts<'_>) -> Option<(usize, usize)> {
        None
    }

    /// Looks at another customer, for panes that look at one.
    fn follow(&mut self, _: String) {}

    /// Other customers are pinned as A and B.
    fn set_pins(&mut self, _: Option<&Cohort>, _: Option<&Cohort>) {}

    /// What customers wrote that the pane wants to show beside its answer.
    fn voices(&self, _: &Facts<'_>) -> Option<Voices> {
        None
    }

    /// What the workspace says that journeys are meant to be; empty without one.
    fn set_plan(&mut self, _: &Plan) {}

    fn as_funnel(&mut self) -> Option<&mut FunnelPane> {
        None
    }
}

/// Moves a cursor over `len` rows; `None` where the action is no movement.
pub fn moved(cursor: usize, action: super::command::RowAction, len: usize, page: usize) -> Option<usize> {
    use super::command::RowAction;
    let last = len.saturating_sub(1);
    let page = page.max(1);
    Some(match action {
        RowAction::Down => (cursor + 1).min(last),
        RowAction::Up => cursor.saturating_sub(1).min(last),
        RowAction::PageDown => (cursor + page).min(last),
        RowAction::PageUp => cursor.saturating_sub(page).min(last),
        RowAction::Top => 0,
        RowAction::End => last,
        RowAction::NextPanel | RowAction::PreviousPanel => return None,
    })
}
