// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "unit/cli/fake_verbs.hpp"

#include <regctl/cli/console.hpp>
#include <regctl/cli/run.hpp>

#include <stdlib.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace regctl::test {

/// The whole program in process: a console made of strings, and verbs that do nothing.
class Program {
public:
  Program() { ::setenv("XDG_CONFIG_HOME", "/nonexistent", 1); } // nobody's own configuration

  cli::ExitCode run(const std::vector<std::string>& arguments) {
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

  /// What the verbs of every later run are to find or to answer.
  void prepare_verbs(std::function<void(FakeVerbs&)> body) {
    prepare = [body = std::move(body)](FakeVerbs& verbs, ops::Progress&) { body(verbs); };
  }

  /// The console that run() uses, over another output.
  cli::Console make_console(std::ostream& out) {
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
            .environment = [this](const char* name) -> std::optional<std::string> {
              const auto found = environment.find(name);
              return found == environment.end() ? std::nullopt : std::optional(found->second);
            }};
  }

  [[nodiscard]] std::string out() const { return out_.str(); }
  [[nodiscard]] std::string err() const { return err_.str(); }

  // What the console is.
  std::string in;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  cli::WindowSize window;
  std::optional<std::string> answer;
  std::map<std::string, std::string> environment = {{"TERM", "xterm"}};
  std::chrono::system_clock::time_point now =
      std::chrono::sys_days(std::chrono::year(2015) / 6 / 1);
  std::function<void(FakeVerbs&, ops::Progress&)> prepare;

  // What happened.
  std::vector<std::string> calls;
  std::vector<std::string> asked;
  ops::SessionOptions session;

private:
  std::ostringstream out_;
  std::ostringstream err_;
};

} // namespace regctl::test
