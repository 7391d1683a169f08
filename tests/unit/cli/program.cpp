// SPDX-License-Identifier: Apache-2.0
#include "unit/cli/program.hpp"

#include <stdlib.h>

#include <memory>
#include <utility>

namespace regctl::test {

Program::Program() {
  ::setenv("XDG_CONFIG_HOME", "/nonexistent", 1); // nobody's own configuration
}

cli::ExitCode Program::run(const std::vector<std::string>& arguments) {
  out_.str("");
  err_.str("");
  calls.clear();
  auto console = make_console(out_);
  return cli::run(arguments, console, [this](ops::SessionOptions options, ops::Progress& talk) {
    session = std::move(options);
    auto verbs = std::make_unique<FakeVerbs>(calls);
    if (prepare) {
      prepare(*verbs, talk);
    }
    return verbs;
  });
}

void Program::prepare_verbs(std::function<void(FakeVerbs&)> body) {
  prepare = [body = std::move(body)](FakeVerbs& verbs, ops::Progress&) { body(verbs); };
}

cli::Console Program::make_console(std::ostream& out) {
  return {.out = out,
          .err = err_,
          .in_is_terminal = in_is_terminal,
          .out_is_terminal = out_is_terminal,
          .err_is_terminal = err_is_terminal,
          .open_in = [this] { return make_text_source(in); },
          .window_size = [this] { return window; },
          .ask =
              [this](const std::string& prompt, cli::Echo echo) {
                asked.push_back((echo == cli::Echo::off ? "hidden " : "") + prompt);
                return answer;
              },
          .now = [this] { return now; },
          .environment = [this](const std::string& name) -> std::optional<std::string> {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional(found->second);
          }};
}

} // namespace regctl::test
