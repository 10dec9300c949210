//! The task list: everything that runs in the background, how far it is, and a way to stop it.

use ratatui::layout::Rect;

use super::App;
use crate::base::ctl::Progress;
use crate::tui::load::Stage;
use crate::tui::paint::{Border, Pen};
use crate::tui::screen::Screen;
use crate::tui::theme::Tone;
use crate::tui::words;

/// Something that runs.
#[derive(Debug, Clone, PartialEq)]
struct Task {
    which: Which,
    name: String,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Load,
    Layer(Screen, usize),
    Filter,
    Write,
}

impl App {
    fn tasks(&self) -> Vec<Task> {
        let mut tasks = Vec::new();
        let mut add = |which, name: String, progress: Option<Progress>| {
            tasks.extend(progress.map(|progress| Task { which, name, progress }));
        };
        if let Stage::Loading { slot, .. } = &self.stage {
            add(Which::Load, format!("read {}", self.sources()), slot.progress());
        }
        for (screen, stack) in &self.stacks {
            for (i, layer) in stack.layers.iter().enumerate() {
                let crumb = layer.pane.crumb(&layer.facts(self.report.as_ref()));
                add(Which::Layer(*screen, i), format!("answer {crumb}"), layer.progress());
            }
        }
        add(Which::Filter, "try a filter".to_owned(), self.trial.slot.progress());
        let path = self.writing.as_ref().map_or("", |writing| writing.path.as_str());
        add(Which::Write, format!("write {path}"), self.writer.progress());
        tasks
    }

    /// Stops the task in this place of the list.
    pub(super) fn stop_task(&mut self, at: usize) {
        let Some(task) = self.tasks().into_iter().nth(at) else {
            self.say("nothing is running");
            return;
        };
        match task.which {
            Which::Load => self.cancel_load(),
            Which::Layer(screen, i) => {
                if let Some(layer) = self.stacks.get_mut(&screen).and_then(|stack| stack.layers.get_mut(i)) {
                    layer.cancel();
                }
            }
            Which::Filter => self.trial.slot.cancel(),
            Which::Write => self.writer.cancel(),
        }
        self.say(format!("stopped: {}", task.name));
    }

    pub(super) fn view_tasks(&self, cursor: usize, body: Rect, pen: &mut Pen<'_>) {
        let tasks = self.tasks();
        let tall = (tasks.len().max(1) as u16 + 2).min(body.height);
        let area = Rect { y: body.bottom() - tall, height: tall, ..body };
        pen.clear(area);
        let title = format!("[W] Tasks — {} running", tasks.len());
        let inside =
            pen.frame(area, &Border { title: &title, note: "", foot: "x stops · Esc closes", has_focus: true });
        if tasks.is_empty() {
            pen.text(inside.x + 1, inside.y, inside.width.saturating_sub(2), "Nothing is running.", Tone::Dim);
        }
        for (i, task) in tasks.iter().enumerate().take(usize::from(inside.height)) {
            let y = inside.y + i as u16;
            let share = task.progress.share().map_or("…".to_owned(), |share| format!("{:.0}%", share * 100.0));
            let mark = if i == cursor.min(tasks.len() - 1) { "▸" } else { " " };
            pen.text(inside.x, y, 1, mark, Tone::Key);
            let room = inside.width.saturating_sub(12);
            pen.text(inside.x + 1, y, room, &task.name, Tone::Text);
            pen.right(inside.right().saturating_sub(1), y, 10, &share, Tone::Strong);
        }
    }

    /// ` · 2 tasks` for the status line, where more runs than what is on top.
    pub(super) fn tasks_note(&self) -> Option<String> {
        let n = self.tasks().len();
        (n > 1).then(|| format!(" · {}, W lists them", words::things(n as u64, "task")))
    }
}
