// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"

#include <regctl/base/error.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct HelpFlags {
  std::vector<std::string> words;
};

ExitCode run_help(const HelpFlags& options, Context& context) {
  if (options.words.empty()) {
    context.out() << full_help(context.manual());
    return ExitCode::ok;
  }
  std::string name;
  for (const auto& word : options.words) {
    name += (name.empty() ? "" : " ") + word;
  }
  const auto* command = context.manual().find(name);
  if (command == nullptr) {
    throw Error(ErrorKind::usage, "there is no command '" + name + "'", "see regctl --help");
  }
  context.out() << command_help(context.manual(), *command);
  return ExitCode::ok;
}

Action add_help(Arguments& arguments) {
  auto options = std::make_shared<HelpFlags>();
  arguments.any("COMMAND", options->words, "The command to tell about");
  return [options](Context& context) { return run_help(*options, context); };
}

} // namespace

Command help_command() {
  return {{.name = "help",
           .aliases = {},
           .summary = "Tell about a command",
           .details = "",
           .examples = {"regctl help pull", "regctl help layer get"}},
          add_help};
}

} // namespace regctl::cli
