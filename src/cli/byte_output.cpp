// SPDX-License-Identifier: Apache-2.0
#include "cli/byte_output.hpp"

#include "cli/output_sink.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>

#include <ostream>

namespace regctl::cli {

bool write_bytes(Context& context, const ByteOutput& output,
                 const std::function<void(Sink&)>& write) {
  if (!output.file.empty() && output.file != "-") {
    AtomicFile file(output.file);
    write(file);
    file.commit();
    return true;
  }
  if (context.wants_json()) {
    throw Error(ErrorKind::usage, output.what + " and --format json both want standard output",
                "name a file: -o FILE");
  }
  if (context.console().out_is_terminal) {
    throw Error(ErrorKind::usage, output.what + " is no text for a terminal", output.terminal_hint);
  }
  OutputSink sink(context.out());
  write(sink);
  return false;
}

} // namespace regctl::cli
