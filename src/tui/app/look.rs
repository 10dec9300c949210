//! Settings of the app: what changes when one does, the page that shows them all, and what the terminal says meanwhile.

use std::time::Instant;

use super::{App, Outside};
use crate::base::visible::visible;
use crate::tui::look::Look;
use crate::tui::overlay::Overlay;
use crate::tui::pane::Purpose;
use crate::tui::picker::{Item, Picker};
use crate::tui::report::Answer;
use crate::workspace::Setting;

impl App {
    /// Takes how the screen should look, before the first frame.
    pub fn dress(&mut self, look: Look, kept_in: Option<String>) {
        self.look = look;
        self.kept_in = kept_in;
        self.apply_look();
        if self.look.has_mouse() {
            self.outside.push(Outside::Mouse(true));
        }
    }

    fn apply_look(&mut self) {
        let theme = self.look.theme();
        if theme.ascii != self.theme.ascii {
            // Signs of another width may have shifted what is on the screen.
            self.outside.push(Outside::Redraw);
        }
        self.theme = theme;
        self.zone_layers();
    }

    /// Tells the layer on top the zone that its times are shown in.
    pub(super) fn zone_layers(&mut self) {
        let zone = self.look.zone(self.said_zone());
        self.stack_mut().top_mut().zone = zone;
    }

    pub fn is_slow(&self) -> bool {
        self.look.is_slow()
    }

    /// Notes that the terminal was asked about itself.
    pub fn asked(&mut self, now: Instant) {
        self.look.asked(now);
    }

    /// Until when answers of the terminal are waited for, where any are on their way.
    pub fn hears_until(&self) -> Option<Instant> {
        self.look.hears_until().filter(|until| self.now < *until)
    }

    pub(super) fn learn(&mut self, answer: Answer) {
        self.look.learn(answer, self.now);
        self.apply_look();
    }

    pub(super) fn slow_down(&mut self) {
        if self.look.slow_down() {
            let key = self.keymap.hint("change-slow-line");
            self.say(format!("the line is slow: sending less from here on; {key} changes that"));
        }
    }

    pub(super) fn allows_change(&self, setting: Setting) -> Result<(), &'static str> {
        let has_zone = self.said_zone().is_some_and(|zone| !zone.is_utc());
        match setting {
            Setting::Times if !has_zone => Err("the data's zone is UTC; --tz reads it in another"),
            Setting::Theme | Setting::Glyphs | Setting::SlowLine | Setting::Mouse | Setting::Times => Ok(()),
        }
    }

    /// Changes a setting to the next value that makes a difference, and says to what.
    pub(super) fn change_setting(&mut self, setting: Setting) {
        self.set(setting, self.look.different(setting));
        self.say(format!("{}: {}", setting.name(), self.look.explained(setting)));
    }

    fn set(&mut self, setting: Setting, value: &'static str) {
        self.look.set(setting, value);
        self.apply_look();
        if setting == Setting::Mouse {
            self.outside.push(Outside::Mouse(self.look.has_mouse()));
        }
        self.outside.push(Outside::Keep(setting, value));
    }

    /// A page of all settings; choosing one changes it.
    pub(super) fn open_settings(&mut self) {
        let picker = self.settings_picker();
        self.overlays.push(Overlay::List(picker));
    }

    /// Changes the setting that was chosen on the page, which stays open.
    pub(super) fn chose_setting(&mut self, name: &str) {
        if let Some(setting) = Setting::ALL.into_iter().find(|setting| setting.name() == name) {
            self.set(setting, self.look.after(setting));
        }
        let picker = self.settings_picker().at(name);
        self.overlays.push(Overlay::List(picker));
    }

    fn settings_picker(&self) -> Picker {
        let items = Setting::ALL.into_iter().map(|setting| Item {
            lead: setting.name().to_owned(),
            label: self.look.explained(setting),
            value: setting.name().to_owned(),
            ..Item::default()
        });
        let mut picker = Picker::new(Purpose::Setting, "[,] Settings", items.collect());
        let docs = Setting::ALL.map(|setting| format!("{}: {}", setting.name(), setting.doc()));
        picker.notes = docs.to_vec();
        picker.notes.push(match &self.kept_in {
            Some(file) => format!("⏎ changes; kept in {}", visible(file)),
            None => "⏎ changes; there is no folder to keep settings in, so they end with this run".to_owned(),
        });
        picker
    }

    /// What came of keeping a setting; that it worked needs no word.
    pub(super) fn kept(&mut self, outcome: Result<(), String>) {
        if let Err(text) = outcome {
            self.complain(format!("the setting holds until you quit: {text}"));
        }
    }
}
