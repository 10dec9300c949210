//! An engine over a saved store: where that proves to be damaged, the data is read again, and the question asked again.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::{Engine, Local};
use crate::analysis::{Answer, Error, MapSpec, Spec};
use crate::base::Ctl;
use crate::table::Table;

type Read = dyn Fn(&Ctl) -> Result<Local, Error> + Send + Sync;

/// Answers as `Local` does, and nobody hears of the damage.
pub struct Renewed {
    current: RwLock<Arc<Local>>,
    read: Box<Read>,
    /// One reads again at a time; the others wait for what it gives.
    reading: Mutex<()>,
}

impl Renewed {
    /// `read` reads the data without the saved store.
    pub fn new(local: Local, read: impl Fn(&Ctl) -> Result<Local, Error> + Send + Sync + 'static) -> Self {
        Renewed { current: RwLock::new(Arc::new(local)), read: Box::new(read), reading: Mutex::new(()) }
    }

    fn current(&self) -> Arc<Local> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn sound<T>(&self, ctl: &Ctl, ask: impl Fn(&Local) -> T) -> Result<T, Error> {
        let local = self.current();
        let answer = ask(&local);
        if !local.store().is_damaged() {
            return Ok(answer);
        }
        Ok(ask(&*self.renewed(&local, ctl)?))
    }

    fn renewed(&self, damaged: &Arc<Local>, ctl: &Ctl) -> Result<Arc<Local>, Error> {
        let _turn = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.current();
        if !Arc::ptr_eq(&current, damaged) {
            return Ok(current);
        }
        let local = Arc::new((self.read)(ctl)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&local);
        Ok(local)
    }
}

impl Engine for Renewed {
    fn answer(&self, spec: &Spec, ctl: &Ctl) -> Result<Answer, Error> {
        self.sound(ctl, |local| {
            // Rows of lists are made when they are shown, and then it would be too late.
            if matches!(spec, Spec::Events(_) | Spec::Journey(_) | Spec::Customers(_)) {
                local.store().check_all();
            }
            local.answer(spec, ctl)
        })?
    }

    fn voices(&self, spec: &MapSpec, cell: &str, text: &str, ctl: &Ctl) -> Result<Table, Error> {
        self.sound(ctl, |local| local.voices(spec, cell, text, ctl))?
    }

    fn touchpoints(&self) -> Vec<(String, u64)> {
        self.sound(&Ctl::new(), Local::touchpoints).unwrap_or_default()
    }

    fn columns(&self) -> Vec<String> {
        self.current().columns()
    }

    fn values(&self, column: &str, limit: usize) -> Vec<(String, u64)> {
        self.sound(&Ctl::new(), |local| local.values(column, limit)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::ProfileSpec;
    use crate::journey::column::Section;
    use crate::journey::fixture::journeys;
    use crate::journey::region::Region;
    use crate::journey::{Column, Numbers, Values};

    const TEXT: &str = "x: a0{n=1} b5{n=2}\ny: a3{n=2}";

    /// A store with a column that is not what was saved.
    fn damaged() -> Local {
        let mut store = journeys(TEXT);
        let region = Arc::new(Region::of_bytes(&[1; 24]));
        let column = Column::of_section(Section::new(&region, 0..24, 0).expect("values"));
        store.properties[0].values = Values::Int(Numbers::All(column));
        store.saved = Some(region);
        Local::new(store)
    }

    #[test]
    fn what_was_found_damaged_is_read_again_once_and_asked_again() {
        let n = Arc::new(Mutex::new(0));
        let counter = Arc::clone(&n);
        let engine = Renewed::new(damaged(), move |_| {
            *counter.lock().expect("a lock") += 1;
            Ok(Local::new(journeys(TEXT)))
        });
        assert_eq!(engine.touchpoints(), [("a".to_owned(), 2), ("b".to_owned(), 1)]);
        assert_eq!(*n.lock().expect("a lock"), 0, "nobody asked for the column yet");
        let spec = Spec::Profile(ProfileSpec::default());
        let sound = Local::new(journeys(TEXT)).answer(&spec, &Ctl::new()).expect("an answer");
        for _ in 0..2 {
            assert_eq!(engine.answer(&spec, &Ctl::new()).expect("an answer").tables(), sound.tables());
        }
        assert_eq!(engine.values("n", 9), [("2".to_owned(), 2), ("1".to_owned(), 1)]);
        assert_eq!(*n.lock().expect("a lock"), 1);
    }

    #[test]
    fn data_that_cannot_be_read_any_more_is_an_error_and_no_answer() {
        let engine = Renewed::new(damaged(), |_| Err(Error::Invalid("a.csv: does not exist".into())));
        let failed = engine.answer(&Spec::Profile(ProfileSpec::default()), &Ctl::new()).expect_err("no data");
        assert_eq!(failed.to_string(), "a.csv: does not exist");
    }
}
