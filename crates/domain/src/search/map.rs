//! What a map shows of a search.

use search_index::{Clusters, MAX_ZOOM};

use super::Prepared;
use crate::app::App;
use types::error::{Error, Result};

impl Prepared {
    /// The clusters of all hits, at a zoom or less; `None`: without the search index nobody knows.
    ///
    /// # Errors
    /// [`types::error::Refusal::BadUserInput`] when the zoom is out of range.
    pub fn clusters(&self, app: &App, zoom: i32) -> Result<Option<Clusters>> {
        let zoom = u8::try_from(zoom).ok().filter(|zoom| *zoom <= MAX_ZOOM);
        let zoom = zoom.ok_or_else(|| Error::bad_user_input(format!("`zoom`: must be from 0 to {MAX_ZOOM}.")))?;
        if self.is_impossible() {
            return Ok(self.ask_index(app, |_| Some(Clusters { zoom, clusters: Vec::new() })));
        }
        Ok(self.ask_index(app, |index| index.clusters(&self.criteria(), zoom)))
    }
}
