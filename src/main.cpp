// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <regctl/base/interrupt.hpp>
#include <regctl/cli/run.hpp>

#include <unistd.h>

#include <ostream>

int main(int argc, char** argv) {
  regctl::install_interrupt_handlers();
  regctl::cli::DescriptorBuffer out_buffer(STDOUT_FILENO, "to stdout");
  regctl::cli::DescriptorBuffer err_buffer(STDERR_FILENO, "to stderr");
  std::ostream out(&out_buffer);
  std::ostream err(&err_buffer);
  out.exceptions(std::ios::badbit); // lets the reason through
  const auto code = regctl::cli::run({argv + 1, argv + argc}, out, err);
  err.flush();
  return static_cast<int>(code);
}
