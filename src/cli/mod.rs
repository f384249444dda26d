//! The command line.
//!
//! `serve`, `config`, `token`, `voice` and `setup` work on this box's files, daemon running or not; `probe` and `setup`
//! need modems that the daemon does not hold, `okta` the URL of a hook, `pdu` nothing; the others talk to a
//! running daemon over HTTP.

mod call;
mod client;
mod config;
mod doctor;
mod export;
mod failure;
mod inbound;
mod lists;
mod log;
mod messages;
mod modems;
mod okta;
mod order;
mod output;
mod pdu;
mod probe;
mod report;
mod segments;
mod send;
mod serve;
mod setup;
mod snippet;
mod table;
mod template;
mod text;
mod token;
mod voice;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use client::Server;
use failure::Failure;
use output::Output;

/// Texts and rings any phone from your own SIM cards.
#[derive(Debug, Parser)]
#[command(name = "ringpost", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway.
    Serve(serve::Serve),
    /// The configuration.
    #[command(subcommand)]
    Config(config::Config),
    /// Tokens for the HTTP API.
    #[command(subcommand)]
    Token(token::Token),
    /// Send a text message.
    Send(send::Send),
    /// Call somebody and say something, or read a code out.
    Call(call::Call),
    /// See messages and how far they have come; export them.
    #[command(visible_alias = "message")]
    Messages(messages::Messages),
    /// See received messages; export them.
    Inbound(inbound::Inbound),
    /// See the System Log, newest first; follow or export it.
    Log(log::Log),
    /// See what was sent in a month, what became of it and what it cost.
    Report(report::Report),
    /// See the modems, and what is wrong with them.
    Modems(modems::Modems),
    /// Who is blocked: numbers, prefixes and regions.
    #[command(subcommand)]
    Blocklist(lists::Lists),
    /// Who may be sent to wherever, numbers and prefixes without limits.
    #[command(subcommand)]
    Allowlist(lists::Lists),
    /// Templates of texts.
    #[command(subcommand)]
    Template(template::Template),
    /// What a text takes on the air: alphabet, segments, and what makes it expensive.
    Segments(segments::Segments),
    /// What calls sound like, and who speaks in them.
    #[command(subcommand)]
    Voice(voice::Voice),
    /// The telephony hook of an Okta organisation.
    #[command(subcommand)]
    Okta(okta::Okta),
    /// Ask a modem what it is and can do, without the daemon.
    Probe(probe::Probe),
    /// Set the gateway up: look at what is plugged in, ask a few questions, write the configuration.
    Setup(setup::Setup),
    /// Find out what on this box keeps the gateway from working.
    Doctor(doctor::Doctor),
    /// Take PDUs apart, and put them together.
    #[command(subcommand)]
    Pdu(pdu::Pdu),
}

/// Where the configuration is installed.
const DEFAULT_CONFIG: &str = "/etc/ringpost/ringpost.toml";

/// Where this box's files are.
#[derive(Debug, clap::Args)]
struct Files {
    /// The configuration.
    #[arg(
        long,
        value_name = "FILE",
        env = "RINGPOST_CONFIG",
        default_value = DEFAULT_CONFIG
    )]
    config: PathBuf,
}

/// The machine that modems are plugged into.
#[derive(Debug, clap::Args)]
struct Machine {
    /// Where its /sys and /dev are: another folder in a container that has them elsewhere.
    #[arg(long, value_name = "FOLDER", env = "RINGPOST_ROOT", default_value = "/", hide = true)]
    root: PathBuf,
}

/// Parses the command line, runs the command, and says how it went: 0 done, 1 refused or failed,
/// 2 usage, 64 bad configuration.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(command) => command.run(),
        Command::Config(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::Send(command) => command.run(),
        Command::Call(command) => command.run(),
        Command::Messages(command) => command.run(),
        Command::Inbound(command) => command.run(),
        Command::Log(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Modems(command) => command.run(),
        Command::Blocklist(command) => command.run(lists::Which::Block),
        Command::Allowlist(command) => command.run(lists::Which::Allow),
        Command::Template(command) => command.run(),
        Command::Segments(command) => command.run(),
        Command::Voice(command) => command.run(),
        Command::Okta(command) => command.run(),
        Command::Probe(command) => command.run(),
        Command::Setup(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Pdu(command) => command.run(),
    }
}
