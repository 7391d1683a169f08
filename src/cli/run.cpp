// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "ops/nearest.hpp"
#include "version.hpp"

#include <regctl/base/error.hpp>
#include <regctl/cli/run.hpp>

#include <algorithm>

namespace regctl::cli {

namespace {

void print_error(std::ostream& err, const std::string& message,
                 const std::vector<std::string>& frames, const std::string& hint) {
  err << "regctl: error: " << printable(message) << '\n';
  for (const auto& frame : frames) {
    err << "  while " << printable(frame) << '\n';
  }
  if (!hint.empty()) {
    err << "hint: " << printable(hint) << '\n';
  }
  err << std::flush;
}

/// Help in this order: usage, commands by group, global options.
void set_up_help(CLI::App& app) {
  app.name("regctl");
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", std::string("regctl ") + k_version);
  app.get_formatter()->column_width(32);
  app.footer("'regctl COMMAND --help' tells more, and 'man regctl' all of it.");
}

CLI::App* chosen_command(CLI::App& app) {
  auto* command = &app;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
  }
  return command;
}

std::string help_hint(CLI::App& app) {
  auto* command = chosen_command(app);
  std::string name = command == &app ? "" : command->get_name();
  if (command != &app && command->get_parent() != &app) {
    name = command->get_parent()->get_name() + " " + name;
  }
  return "see 'regctl" + (name.empty() ? "" : " " + name) + " --help'";
}

/// The help of the chosen command with its whole name in the usage line.
std::string help_of(CLI::App& app) {
  auto* command = chosen_command(app);
  std::string above;
  for (auto* part = command->get_parent(); part != nullptr; part = part->get_parent()) {
    above.insert(0, part->get_name() + (above.empty() ? "" : " "));
  }
  return command->help(above);
}

/// What no option and no command took: a mistyped command, an unknown flag, a word too many.
void refuse_extras(CLI::App& app) {
  const auto extras = app.remaining();
  if (extras.empty()) {
    return;
  }
  const auto& word = extras.front();
  if (word.starts_with("--password") && word != "--password-stdin") {
    throw Error(ErrorKind::usage, "a password on the command line can be seen by everybody",
                "give it with --password-stdin, or in REGCTL_PASSWORD");
  }
  if (word.starts_with('-') && word != "-") {
    throw Error(ErrorKind::usage, "unknown option '" + word + "'", help_hint(app));
  }
  if (!app.get_subcommands().empty()) {
    throw Error(ErrorKind::usage, "unexpected argument '" + word + "'", help_hint(app));
  }
  std::vector<std::string> names;
  for (const auto& command : commands()) {
    names.emplace_back(command.name);
  }
  const auto nearest = ops::suggestion(word, names);
  throw Error(ErrorKind::usage, "unknown command '" + word + "'",
              nearest.starts_with("did you") ? nearest : "see 'regctl --help'");
}

/// "regctl help pull" is "regctl pull --help".
std::vector<std::string> with_help_command(std::vector<std::string> arguments) {
  if (!arguments.empty() && arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  return arguments;
}

ExitCode parse_and_run(CLI::App& app, Context& context, std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end()); // CLI11 takes them off the end
  try {
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    context.out << help_of(app);
    return ExitCode::ok;
  } catch (const CLI::CallForVersion& version) {
    context.out << version.what() << '\n';
    return ExitCode::ok;
  } catch (const CLI::ParseError& error) {
    refuse_extras(app); // tells more than a missing argument
    throw Error(ErrorKind::usage, error.what(), help_hint(app));
  }
  refuse_extras(app);
  if (!context.action) {
    context.err << help_of(app);
    return ExitCode::usage;
  }
  return context.action();
}

ExitCode run_in(Context& context, const std::vector<std::string>& arguments) {
  CLI::App app("Client for Docker registries of protocol v1");
  set_up_help(app);
  app.allow_extras(); // refused by us, with better words
  context.app = &app;
  add_everything(app, context);
  return parse_and_run(app, context, with_help_command(arguments));
}

} // namespace

ExitCode run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Context context(out, err);
  try {
    const auto code = run_in(context, arguments);
    context.end_progress();
    out.flush();
    return code;
  } catch (const BrokenPipe&) {
    return ExitCode::ok; // whoever reads has enough, as in `regctl tags HOST/NAME | head`
  } catch (const Error& error) {
    context.end_progress();
    print_error(err, error.message(), error.frames(), error.hint());
    return exit_code_of(error.kind());
  } catch (const std::exception& error) {
    context.end_progress();
    print_error(err, std::string("this is a bug in regctl: ") + error.what(), {},
                "please report it with the command line and what --debug shows");
    return ExitCode::failed;
  }
}

} // namespace regctl::cli
