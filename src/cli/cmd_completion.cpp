// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/completion.hpp"

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct CompletionFlags {
  std::string shell;
};

ExitCode run_completion(const CompletionFlags& options, Context& context) {
  context.out() << completion_script(options.shell, context.manual());
  return ExitCode::ok;
}

Action add_completion(Arguments& arguments) {
  auto options = std::make_shared<CompletionFlags>();
  arguments.required("bash|zsh|fish", options->shell, "The shell");
  return [options](Context& context) { return run_completion(*options, context); };
}

} // namespace

Command completion_command() {
  return {{.name = "completion",
           .aliases = {},
           .summary = "Print a script that completes regctl's commands and options in a shell",
           .details = "A package of regctl has them in place.",
           .examples = {"source <(regctl completion bash)",
                        "regctl completion fish > ~/.config/fish/completions/regctl.fish"}},
          add_completion};
}

} // namespace regctl::cli
