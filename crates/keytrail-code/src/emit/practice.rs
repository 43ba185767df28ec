//! Practices: what code does at one place.

use keytrail_model::{Fact, Practice, PracticeKind, Step};

use super::{Emitter, without_descriptors};
use crate::interp::{PracticeRecord, SinkRecord};
use crate::program::{FunctionRef, Site};

impl Emitter<'_> {
    pub(super) fn practices(&mut self, function: FunctionRef, records: &[PracticeRecord]) {
        for record in records {
            let (site, kind) = match record {
                PracticeRecord::SdkLog(site, how) => (
                    *site,
                    PracticeKind::SdkLogsRequests {
                        how: (*how).to_owned(),
                    },
                ),
                PracticeRecord::Monitoring(site, how) => (
                    *site,
                    PracticeKind::MonitoringSendsRequests {
                        how: (*how).to_owned(),
                    },
                ),
            };
            let location = self.at(site, function);
            self.facts.insert(Fact::Practice(Practice {
                steps: vec![Step::new("is called", location.clone())],
                location,
                kind,
                function: self.shared.program.qualified(function),
            }));
        }
    }

    /// A value that can be guessed is stored.
    pub(super) fn guessable(
        &mut self,
        function: FunctionRef,
        record: &SinkRecord,
        made: Site,
        operation: Site,
        path: &str,
    ) {
        let attribute = without_descriptors(path);
        if attribute.is_empty() {
            return;
        }
        let made = self.shared.program.location(made, None);
        let mut steps = vec![Step::new("is made here", made.clone())];
        steps.extend(self.way(&record.taint, function).into_iter().skip(1));
        self.facts.insert(Fact::Practice(Practice {
            location: made,
            kind: PracticeKind::PredictableIdentifier {
                operation: self.operation_location(operation),
                attribute,
                how: "it is short, counted, or made from the clock or by `random`".to_owned(),
            },
            steps,
            function: self.shared.program.qualified(function),
        }));
    }
}
