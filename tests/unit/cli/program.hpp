// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "unit/cli/fake_verbs.hpp"

#include <regctl/cli/console.hpp>
#include <regctl/cli/run.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace regctl::test {

using Words = std::vector<std::string>;

/// The whole program in process: a console made of strings, and verbs that do nothing.
class Program {
public:
  Program();

  cli::ExitCode run(const std::vector<std::string>& arguments);

  /// What the verbs of every later run are to find or to answer.
  void prepare_verbs(std::function<void(FakeVerbs&)> body);

  /// The console that run() uses, over another output.
  cli::Console make_console(std::ostream& out);

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
