// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/interrupt.hpp>
#include <regctl/cli/run.hpp>
#include <regctl/cli/system_console.hpp>

#include <string>
#include <vector>

int main(int argc, char** argv) {
  regctl::install_interrupt_handlers();
  auto console = regctl::cli::make_system_console();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return static_cast<int>(regctl::cli::run(arguments, console, regctl::cli::open_verbs));
}
