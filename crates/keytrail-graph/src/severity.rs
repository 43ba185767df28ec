//! Severity = power of the key × reach of the actor × confidence. The table is here and
//! nowhere else.

use keytrail_model::{Actor, Confidence, KeyPower, Severity};

/// How many can stand where an actor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Needs a further step: holders of copies, the network.
    Aside,
    /// Inside the house: logs, repository, other roles and environments, third parties.
    House,
    /// Anybody with an account.
    Users,
    /// Anybody.
    World,
}

impl Reach {
    /// From the smallest.
    pub const ALL: [Self; 4] = [Self::Aside, Self::House, Self::Users, Self::World];

    /// Of an actor.
    pub fn of(actor: &Actor) -> Self {
        match actor {
            Actor::Anonymous | Actor::Outside(_) => Self::World,
            Actor::AnyUser | Actor::OtherTenant => Self::Users,
            Actor::LogReader
            | Actor::RepositoryReader
            | Actor::OtherRole(_)
            | Actor::OtherEnvironment
            | Actor::ThirdParty(_)
            | Actor::Staff
            | Actor::Application(_)
            | Actor::Owner => Self::House,
            Actor::CopyReader | Actor::NetworkObserver => Self::Aside,
        }
    }
}

/// | reach | likely: broad, service, low | possible: broad, service, low |
/// |---|---|---|
/// | world | critical, critical, medium | high, medium, low |
/// | users | high, high, low | medium, medium, low |
/// | house | high, high, low | medium, medium, low |
/// | aside | medium, medium, low | low, low, info |
pub fn severity(power: KeyPower, reach: Reach, confidence: Confidence) -> Severity {
    let likely = confidence >= Confidence::Likely;
    match (reach, likely, power) {
        (Reach::World, true, KeyPower::Broad | KeyPower::Service) => Severity::Critical,
        (Reach::World, false, KeyPower::Broad)
        | (Reach::Users | Reach::House, true, KeyPower::Broad | KeyPower::Service) => {
            Severity::High
        }
        (Reach::World, true, KeyPower::Low)
        | (Reach::World, false, KeyPower::Service)
        | (Reach::Users | Reach::House, false, KeyPower::Broad | KeyPower::Service)
        | (Reach::Aside, true, KeyPower::Broad | KeyPower::Service) => Severity::Medium,
        (Reach::World, false, KeyPower::Low)
        | (Reach::Users | Reach::House, _, KeyPower::Low)
        | (Reach::Aside, true, KeyPower::Low)
        | (Reach::Aside, false, KeyPower::Broad | KeyPower::Service) => Severity::Low,
        (Reach::Aside, false, KeyPower::Low) => Severity::Info,
    }
}

/// All powers, from the greatest.
pub(crate) const POWERS: [KeyPower; 3] = [KeyPower::Broad, KeyPower::Service, KeyPower::Low];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_never_means_milder() {
        for power in POWERS {
            for reach in Reach::ALL {
                let possible = severity(power, reach, Confidence::Possible);
                assert!(severity(power, reach, Confidence::Likely) >= possible);
                assert!(severity(KeyPower::Broad, reach, Confidence::Possible) >= possible);
                assert!(severity(power, Reach::World, Confidence::Possible) >= possible);
            }
        }
    }
}
