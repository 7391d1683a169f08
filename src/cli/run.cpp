// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"
#include "cli/context.hpp"
#include "cli/fd_output.hpp"
#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/cli/run.hpp>

#include <ostream>

namespace regctl::cli {

namespace {

/// Where to read on after a wrong command line.
std::string help_hint(const CommandLine& line) {
  const auto* command = line.command();
  return "see regctl " + (command == nullptr ? "" : std::string(command->text.name) + " ") +
         "--help";
}

bool has_colours(const Console& console) {
  return console.err_is_terminal && console.environment("NO_COLOR").value_or("").empty() &&
         console.environment("TERM").value_or("dumb") != "dumb";
}

/// The message as it is printed. What is said of a file's mistakes has a line for each, which stay
/// lines; any other line end came from elsewhere.
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

void print_error(Console& console, const Error& error, const std::string& hint) {
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

/// Parses and works; the context, and with it the progress display, is gone when it returns or
/// throws.
ExitCode work(CommandLine& line, const std::vector<std::string>& arguments, Console& console,
              const OpenVerbs& open) {
  const auto invocation = line.parse(arguments);
  Context context(console, arguments, line.globals(), line.manual(), open);
  const auto code = invocation.action(context);
  console.out.flush(); // a full disk may show only now
  return code;
}

ExitCode explain(const Error& error, const CommandLine& line, Console& console) {
  if (error.kind() == ErrorKind::interrupted) {
    console.err << "regctl: interrupted\n" << std::flush;
  } else {
    const bool wants_help = error.kind() == ErrorKind::usage && error.hint().empty();
    print_error(console, error, wants_help ? help_hint(line) : error.hint());
  }
  return exit_code_of(error.kind());
}

/// What a failed command had printed so far may be of use, and is in order before the next thing.
void try_to_flush(std::ostream& out) noexcept {
  try {
    out.flush();
  } catch (...) { // the failure that is being told about came first
  }
}

} // namespace

ExitCode run(const std::vector<std::string>& arguments, Console& console, const OpenVerbs& open) {
  try {
    CommandLine line;
    try {
      return work(line, arguments, console, open);
    } catch (const Error& error) {
      try_to_flush(console.out);
      return explain(error, line, console);
    } catch (const ReaderGone&) {
      return ExitCode::ok;
    }
  } catch (const std::exception& error) {
    try_to_flush(console.out);
    print_error(console,
                Error(ErrorKind::unsupported,
                      std::string("this is a bug in regctl, or memory is short: ") + error.what()),
                "please report it with the command line and what --debug shows");
  } catch (...) {
    console.err << "regctl: error: this is a bug in regctl\n" << std::flush;
  }
  return ExitCode::failed;
}

} // namespace regctl::cli
