//! The command line.

mod options;

use std::fs;
use std::path::Path;

use options::Options;
use wsspec::case::{Case, Library, Role};
use wsspec::exam::Grade;
use wsspec::report::json::Json;
use wsspec::report::requirements::Statement;
use wsspec::report::{self, Run};
use wsspec::socket::{ClientRun, Process, ServerRun, Setup, run_client, run_server};

const HELP: &str = include_str!("help.txt");

/// Does what the words say, and returns the exit code: 0 pass, 1 something failed, 2 setup, 3 incomplete.
pub(crate) fn run(words: &[String]) -> Result<u8, String> {
    let Some((command, rest)) = words.split_first() else { return Err(format!("expected a command\n\n{HELP}")) };
    if matches!(&**command, "help" | "--help" | "-h") {
        print!("{HELP}");
        return Ok(0);
    }
    let options = Options::parse(rest)?;
    let library = match &options.cases {
        Some(path) => Library::read(Path::new(path)),
        None => Library::built_in(),
    };
    let library = library.map_err(|error| error.to_string())?;
    match &**command {
        "list" => {
            for case in selected(&library, &options)? {
                println!("{:60} {:8} {}", case.id, case.rule.roles.name(), case.family);
            }
            Ok(0)
        }
        "show" => {
            for case in selected(&library, &options)? {
                println!(
                    "{} ({}, line {})\n  {} {}\n  {}\n",
                    case.id,
                    case.family,
                    case.line,
                    case.rule.level.name(),
                    case.rule.sentence,
                    case.text
                );
            }
            Ok(0)
        }
        "export" => {
            let json = wsspec::export::json(&library);
            match options.positional.first() {
                Some(path) => write(path, &json)?,
                None => print!("{json}"),
            }
            Ok(0)
        }
        "server" => server(&library, &options),
        "client" => client(&library, &options),
        "report" => {
            let read =
                |paths: &[String]| paths.iter().map(|path| read_run(path)).collect::<Result<Vec<Json>, String>>();
            let (runs, earlier) = (read(&options.positional)?, read(&options.earlier)?);
            if runs.is_empty() {
                return Err("expected the JSON files of runs".to_owned());
            }
            if let Some(path) = &options.html {
                write(path, &report::html::page(&runs, &earlier, &library))?;
            } else if !options.requirements {
                return Err("expected --html FILE or --requirements".to_owned());
            }
            if options.requirements {
                let mut statement = Statement::default();
                runs.iter().for_each(|run| statement.add(run));
                print!("{}", statement.report());
            }
            Ok(0)
        }
        other => Err(format!("expected server, client, list, show, export, report or help, found {other}")),
    }
}

fn server(library: &Library, options: &Options) -> Result<u8, String> {
    let (url, patterns) = options.positional.split_first().ok_or("expected a URL")?;
    let cases = selected_by(library, options, patterns, Some(Role::Server))?;
    let process = match &options.command[..] {
        [] => None,
        words => Some(Process::start(words, options.socket.alarm.as_deref()).map_err(|error| error.to_string())?),
    };
    let run = ServerRun {
        url,
        process: process.as_ref(),
        context: options.context.clone(),
        options: &options.socket,
        deliveries: &options.deliveries,
    };
    finish(run_server(library, &cases, run), Role::Server, library, options)
}

fn client(library: &Library, options: &Options) -> Result<u8, String> {
    let cases = selected_by(library, options, &options.positional, Some(Role::Client))?;
    if options.command.is_empty() {
        return Err("expected -- COMMAND with {url} and {agent}".to_owned());
    }
    let run = ClientRun {
        command: &options.command,
        agent: &options.agent,
        context: options.context.clone(),
        options: &options.socket,
        deliveries: &options.deliveries,
    };
    finish(run_client(library, &cases, run), Role::Client, library, options)
}

fn finish(
    results: Result<Vec<wsspec::suite::CaseResult>, Setup>,
    role: Role,
    library: &Library,
    options: &Options,
) -> Result<u8, String> {
    let results = results.map_err(|error| error.to_string())?;
    let run = Run { agent: options.agent.clone(), role, results };
    print!("{}", report::text::report(&run, library, options.verbose));
    if options.requirements {
        let mut statement = Statement::default();
        statement.add(&Json::read(&report::json::report(&run, library)).ok_or("the report is no JSON")?);
        print!("{}", statement.report());
    }
    if let Some(path) = &options.json {
        write(path, &report::json::report(&run, library))?;
    }
    if let Some(path) = &options.junit {
        write(path, &report::junit::report(&run, options.strict))?;
    }
    if let Some(folder) = &options.autobahn {
        fs::create_dir_all(folder).map_err(|error| format!("{folder}: {error}"))?;
        write(&format!("{folder}/index.json"), &report::autobahn::index(&run))?;
    }
    if let Some(path) = &options.html {
        let json = Json::read(&report::json::report(&run, library)).ok_or("the report is no JSON")?;
        let earlier = options.earlier.iter().map(|path| read_run(path)).collect::<Result<Vec<Json>, String>>()?;
        write(path, &report::html::page(&[json], &earlier, library))?;
    }
    let judged = |grade| !matches!(grade, Grade::Unimplemented | Grade::Blocked | Grade::Inconclusive);
    if !run.results.iter().any(|result| judged(result.grade)) {
        return Err("nothing was judged".to_owned());
    }
    if let Some(path) = &options.known {
        let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
        let known = report::known::read(&text).map_err(|error| format!("{path}: {error}"))?;
        let differences = report::known::differences(&run, &known, options.strict);
        for difference in &differences {
            println!("{path}: {difference}");
        }
        return Ok(u8::from(!differences.is_empty()));
    }
    if run.results.iter().any(|result| Run::fails(result, options.strict)) {
        return Ok(1);
    }
    Ok(if run.results.iter().any(|result| result.grade == Grade::Inconclusive) { 3 } else { 0 })
}

fn selected<'l>(library: &'l Library, options: &Options) -> Result<Vec<&'l Case>, String> {
    selected_by(library, options, &options.positional, None)
}

fn selected_by<'l>(
    library: &'l Library,
    options: &Options,
    words: &[String],
    role: Option<Role>,
) -> Result<Vec<&'l Case>, String> {
    let patterns: Vec<&String> = words.iter().chain(&options.only).collect();
    let fits = |case: &Case, pattern: &str| {
        let rule = case.rule.id.replacen('-', "/", 1);
        report::known::glob(pattern, &case.id)
            || report::known::glob(pattern, &case.family)
            || report::known::glob(pattern, &case.rule.id)
            || rule.strip_prefix(pattern).is_some_and(|rest| rest.starts_with(['-', '.']))
    };
    for pattern in &patterns {
        if !library.cases.iter().any(|case| fits(case, pattern)) {
            return Err(format!("expected a case, rule, family or section, found {pattern}"));
        }
    }
    let cases: Vec<&Case> = library
        .cases
        .iter()
        .filter(|case| patterns.is_empty() || patterns.iter().any(|pattern| fits(case, pattern)))
        .filter(|case| !options.exclude.iter().any(|pattern| fits(case, pattern)))
        .filter(|case| role.is_none_or(|role| case.rule.roles.contains(role)))
        .collect();
    if cases.is_empty() { Err("no case is selected".to_owned()) } else { Ok(cases) }
}

fn read_run(path: &str) -> Result<Json, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    Json::read(&text).ok_or_else(|| format!("{path}: expected JSON"))
}

fn write(path: &str, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{path}: {error}"))
}
