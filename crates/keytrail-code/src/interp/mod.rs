//! Abstract interpretation of one function against the summaries of the others.

mod access_check;
mod arguments;
mod around;
mod assign;
mod aws;
mod aws_partiql;
mod aws_read;
mod aws_services;
mod aws_text;
mod aws_write;
mod branch;
mod call;
mod comprehension;
mod effect;
mod env;
mod exception;
mod expr;
mod external;
mod framework;
mod higher;
mod invoke;
mod limit;
mod list;
mod mapper;
mod mapper_call;
mod marshmallow;
mod memo;
mod method;
mod names;
mod operation;
mod outcome;
mod ownership;
mod parameters;
mod parts;
mod passing;
mod pattern;
mod place;
mod practice;
mod properties;
mod record;
mod serializer;
mod shape;
mod stmt;
mod summary;
mod taint;
mod textual;
mod tie;
mod value;
mod walk;

use keytrail_detect::Detector;
use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use aws::is_descriptor;
pub(crate) use limit::Limit;
pub(crate) use memo::Memo;
pub(crate) use operation::{OperationRecord, ProjectionRecord};
pub(crate) use outcome::{Kept, Ran};
pub(crate) use passing::substitute;
pub(crate) use record::{HeaderRecord, PracticeRecord, SinkKind, SinkRecord};
pub(crate) use shape::{NameSourceRef, Path, Shape};
pub(crate) use summary::{Callback, Cell, Outcome, Summary};
pub(crate) use taint::{Fields, Label, Taint, Tie, Trace, What, hop, unroll};
pub(crate) use value::Value;

use crate::django::around::Around;
use env::Env;

use crate::django::templates::Templates;
use crate::known::{KnownTable, Words};
use crate::mappers::Models;
use crate::program::{FunctionRef, LinkedModule, Program, Site};
use crate::resolve::Resolver;
use crate::symbols::Sym;

/// What every function's analysis reads.
pub(crate) struct Shared<'a> {
    pub(crate) program: &'a Program,
    pub(crate) resolver: &'a Resolver<'a>,
    pub(crate) known: &'a KnownTable,
    pub(crate) words: &'a Words,
    pub(crate) detector: &'a Detector,
    pub(crate) templates: &'a Templates,
    pub(crate) around: &'a Around,
    pub(crate) models: &'a Models,
    pub(crate) memo: &'a Memo,
    /// Functions that some route leads to.
    pub(crate) views: &'a FxHashSet<FunctionRef>,
    /// Those whose first parameter is a part of their URL, not the request.
    pub(crate) url_first: &'a FxHashSet<FunctionRef>,
}

/// Results of the last round.
#[derive(Default)]
pub(crate) struct State {
    /// By [`Index`] of the function.
    pub(crate) summaries: Vec<std::sync::Arc<Summary>>,
    pub(crate) cells: FxHashMap<Cell, Value>,
    /// First index of each module's functions.
    pub(crate) offsets: Vec<usize>,
}

impl State {
    pub(crate) fn index(&self, function: FunctionRef) -> usize {
        self.offsets[function.0 as usize] + function.1 as usize
    }
}

/// The analysis of one function.
pub(crate) struct Machine<'a> {
    shared: &'a Shared<'a>,
    state: &'a State,
    function: FunctionRef,
    module: &'a LinkedModule,
    env: Env,
    out: Outcome,
    /// Expressions still allowed: bounds hostile nesting.
    fuel: u32,
    depth: u32,
    loops: u32,
    /// Set while a call of another function is resumed: whose call it is.
    holder: Option<FunctionRef>,
    /// Ties that hold on every way out so far; `None` before the first.
    exits: Option<Vec<(Taint, Taint, Site)>>,
    /// The same, of ways out with something true.
    true_ways: Option<Vec<(Taint, Taint, Site)>>,
    globals: Vec<Sym>,
    nonlocals: Vec<Sym>,
    /// Variables of the module that this function has changed a part of.
    outer: Vec<Sym>,
    /// What names from outside of it stand for.
    outside: FxHashMap<Sym, Value>,
    /// Functions whose decorators are being looked through.
    unwrapped: Vec<FunctionRef>,
    /// Calls of a callee's parameters around.
    relayed: u32,
    /// Functions inside this one may write its variables.
    shared_locals: bool,
    /// Handlers around, innermost last: the exception they hold.
    handling: Vec<Site>,
    /// The same, with what is known to be raised there.
    caught: Vec<Vec<Value>>,
    /// What leaves the statements so far by being raised.
    raised: Vec<Value>,
    /// Keys of a dictionary that is walked name by name.
    walked: Vec<Sym>,
    /// Functions whose calls of what they are given are being followed, innermost last.
    calling_back: Vec<FunctionRef>,
}

const FUEL: u32 = 400_000;
const DEEPEST: u32 = 64;
/// Functions that call what they are given, which calls what it is given…: followed so far.
const DEEPEST_CALLBACK: usize = 4;

impl<'a> Machine<'a> {
    /// Analyses `function` once.
    pub(crate) fn run(shared: &'a Shared<'a>, state: &'a State, function: FunctionRef) -> Outcome {
        let module = shared.program.module(function.0);
        let mut machine = Self {
            shared,
            state,
            function,
            module,
            env: Env::default(),
            out: Outcome::default(),
            fuel: FUEL,
            depth: 0,
            loops: 0,
            holder: None,
            exits: None,
            true_ways: None,
            globals: Vec::new(),
            nonlocals: Vec::new(),
            outer: Vec::new(),
            outside: FxHashMap::default(),
            unwrapped: Vec::new(),
            relayed: 0,
            shared_locals: module.writes_outside(function.1),
            handling: Vec::new(),
            caught: Vec::new(),
            raised: Vec::new(),
            walked: Vec::new(),
            calling_back: Vec::new(),
        };
        machine.bind_parameters();
        if machine.block(&module.ir.function(function.1).body) {
            machine.leave();
        }
        if machine.fuel == 0 {
            machine.note_limit(Site::head(function), Limit::TooLarge);
        }
        machine.out.summary.raised = std::mem::take(&mut machine.raised);
        machine.out.summary.ties = machine.exits.take().unwrap_or_default();
        machine.out.summary.when_true = machine.true_ways.take().unwrap_or_default();
        machine.finish();
        machine.out
    }

    fn sym(&self, name: crate::syntax::ir::Name) -> Sym {
        self.module.sym(name)
    }

    fn site(&self, expr: crate::syntax::ir::ExprId) -> Site {
        Site(self.function.0, expr)
    }

    fn text(&self, sym: Sym) -> &'a str {
        self.shared.program.text(sym)
    }
}
