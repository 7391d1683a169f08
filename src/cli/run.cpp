// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"
#include "cli/context.hpp"
#include "cli/fd_output.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/cli/run.hpp>
#include <regctl/ops/problem.hpp>

#include <new>
#include <ostream>
#include <string_view>
#include <system_error>
#include <utility>

namespace regctl::cli {

namespace {

/// Where to find help after an invalid command line.
std::string help_hint(const CommandLine& line) {
  const auto* command = line.command();
  return "see regctl " + (command == nullptr ? "" : std::string(command->text.name) + " ") +
         "--help";
}

/// The output format that the arguments ask for, even if the rest of them is invalid. The last
/// --format counts.
Format format_of(const std::vector<std::string>& arguments) {
  constexpr std::string_view k_flag = "--format";
  auto format = Format::table;
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string_view word = arguments[i];
    if (word == k_flag && i + 1 < arguments.size()) {
      format = arguments[i + 1] == "json" ? Format::json : Format::table;
    } else if (word.starts_with(k_flag) && word.substr(k_flag.size()).starts_with('=')) {
      format = word.substr(k_flag.size() + 1) == "json" ? Format::json : Format::table;
    }
  }
  return format;
}

bool has_colours(const Console& console) {
  return console.err_is_terminal && console.environment("NO_COLOR").value_or("").empty() &&
         console.environment("TERM").value_or("dumb") != "dumb";
}

/// The message as it is printed. A message about several mistakes of a file has one line for each.
/// All other line ends come from outside and are escaped.
std::string show_message(const Error& error) {
  constexpr std::string_view k_next_mistake = "\n  ";
  const std::string_view message = error.message();
  if (error.kind() != ErrorKind::usage) {
    return visible(message);
  }
  std::string text;
  for (std::size_t begin = 0;;) {
    const auto end = message.find(k_next_mistake, begin);
    text += visible(message.substr(begin, end - begin));
    if (end == std::string_view::npos) {
      return text;
    }
    text += k_next_mistake;
    begin = end + k_next_mistake.size();
  }
}

void print_as_text(Console& console, const Error& error, const std::string& hint) {
  const bool is_red = has_colours(console);
  std::string text = std::string("regctl: ") + (is_red ? "\x1b[1;31merror:\x1b[0m " : "error: ") +
                     show_message(error) + "\n";
  for (const auto& frame : error.frames()) {
    text += "  while " + visible(frame) + "\n";
  }
  if (!hint.empty()) {
    text += "hint: " + visible(hint) + "\n";
  }
  console.err << text << std::flush;
}

/// One line: {"error": {"kind", "message", "hint"}, "while": [FRAME…]}.
void print_as_json(Console& console, ops::Failure failure) {
  const Json document = {{"error", to_json(failure)}, {"while", std::move(failure.frames)}};
  console.err << print_json_line(document) << std::flush;
}

/// Parses the arguments and runs the command. The context, and with it the progress display, is
/// gone when this returns or throws.
ExitCode work(CommandLine& line, const std::vector<std::string>& arguments, Console& console,
              const OpenVerbs& open) {
  const auto invocation = line.parse();
  Context context(console, arguments, line.globals(), line.manual(), open);
  const auto code = invocation.action(context);
  console.out.flush(); // a full disk may be noticed only now
  return code;
}

ExitCode explain(const Error& error, const CommandLine& line, Format format, Console& console) {
  const bool wants_help = error.kind() == ErrorKind::usage && error.hint().empty();
  const auto hint = wants_help ? help_hint(line) : error.hint();
  if (format == Format::json) {
    print_as_json(console, {error.kind(), error.message(), hint, error.frames()});
  } else if (error.kind() == ErrorKind::interrupted) {
    console.err << "regctl: interrupted\n" << std::flush;
  } else {
    print_as_text(console, error, hint);
  }
  return exit_code_of(error.kind());
}

/// Reports an exception that is not an Error: a bug.
void explain_bug(const std::exception_ptr& problem, Format format, Console& console) {
  auto failure = ops::explain(problem);
  failure.hint = "please report it with the command line and what --debug shows";
  if (format == Format::json) {
    print_as_json(console, std::move(failure));
  } else {
    print_as_text(console, Error(ErrorKind::unsupported, failure.message), failure.hint);
  }
}

/// Flushes the output of a failed command: it may be useful, and must precede the error message.
void try_to_flush(std::ostream& out) noexcept {
  try {
    out.flush();
  } catch (...) { // the original failure is reported, not this one
  }
}

/// Reports a lack of memory or threads. The report itself may fail for the same reason.
ExitCode explain_shortage(const char* what, Format format, Console& console) noexcept {
  try_to_flush(console.out);
  try {
    const Error error(ErrorKind::local_io, what, "--jobs 1 needs the least memory");
    if (format == Format::json) {
      print_as_json(console, ops::explain(error));
    } else {
      print_as_text(console, error, error.hint());
    }
  } catch (...) { // the exit code still says it
  }
  return ExitCode::local_io;
}

} // namespace

ExitCode run(const std::vector<std::string>& arguments, Console& console, const OpenVerbs& open) {
  const auto format = format_of(arguments);
  try {
    CommandLine line(arguments);
    try {
      return work(line, arguments, console, open);
    } catch (const Error& error) {
      try_to_flush(console.out);
      return explain(error, line, format, console);
    } catch (const ReaderGone&) {
      return ExitCode::ok;
    }
  } catch (const std::bad_alloc&) {
    return explain_shortage("memory is short", format, console);
  } catch (const std::system_error& error) {
    const bool is_thread = error.code() == std::errc::resource_unavailable_try_again;
    return explain_shortage(is_thread ? "no more threads can be started" : error.what(), format,
                            console);
  } catch (const std::exception&) {
    try_to_flush(console.out);
    explain_bug(std::current_exception(), format, console);
  } catch (...) {
    console.err << "regctl: error: this is a bug in regctl\n" << std::flush;
  }
  return ExitCode::failed;
}

} // namespace regctl::cli
