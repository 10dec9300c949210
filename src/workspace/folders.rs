//! `Folders`: where a person's settings, and what trailmap remembers, belong on this system.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::Settings;
use crate::ingest::Cache;

/// The variable that names another folder for settings.
pub const CONFIG_VARIABLE: &str = "TRAILMAP_CONFIG_DIR";

/// The variable that names another folder for caches; an empty one keeps nothing.
pub const CACHE_VARIABLE: &str = "TRAILMAP_CACHE_DIR";

pub const KEYS_FILE: &str = "keys.toml";
pub const SETTINGS_FILE: &str = "settings.toml";

/// Folders that may not exist yet; `None` where the system names none, because there is no home.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    pub config: Option<PathBuf>,
    pub cache: Option<PathBuf>,
    pub state: Option<PathBuf>,
}

impl Folders {
    /// By the environment and the customs of the system.
    pub fn find() -> Self {
        let project = ProjectDirs::from("", "", "trailmap");
        let project = project.as_ref();
        let named = std::env::var_os(CONFIG_VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        // A home that depends on the folder somebody stands in is none: what is remembered would lie beside the data.
        let kept = |folder: &Path| folder.is_absolute().then(|| folder.to_owned());
        Folders {
            config: named.or_else(|| project.and_then(|dirs| kept(dirs.config_dir()))),
            cache: match std::env::var_os(CACHE_VARIABLE) {
                Some(folder) => (!folder.is_empty()).then(|| PathBuf::from(folder)),
                None => project.and_then(|dirs| kept(dirs.cache_dir())),
            },
            // Where a system knows no folder for state, what is only kept on this machine is the nearest.
            state: project.and_then(|dirs| kept(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()))),
        }
    }

    /// Where journeys are kept between runs.
    pub fn journeys(&self) -> Option<PathBuf> {
        self.cache.as_ref().map(|folder| folder.join("journeys"))
    }

    /// How journeys are kept between runs; nothing where the settings or the system forbid it.
    pub fn cache(&self) -> Option<Cache> {
        let (settings, _) = self.config.as_deref().map_or_else(Default::default, Settings::read);
        let max_bytes = settings.cache_bytes();
        self.journeys().filter(|_| max_bytes > 0).map(|folder| Cache { folder, max_bytes })
    }

    pub fn keys_file(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|folder| folder.join(KEYS_FILE))
    }

    pub fn settings_file(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|folder| folder.join(SETTINGS_FILE))
    }
}
