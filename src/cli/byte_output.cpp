// SPDX-License-Identifier: Apache-2.0
#include "cli/byte_output.hpp"

#include "cli/fd_output.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>

#include <ostream>

namespace regctl::cli {

namespace {

class OutputSink final : public Sink {
public:
  explicit OutputSink(std::ostream& out) : out_(out) {}

  void write(std::span<const std::byte> bytes) override {
    try {
      out_.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
    } catch (const ReaderGone&) {
      throw Error(ErrorKind::local_io, "cannot write standard output: its reader went away");
    }
  }

private:
  std::ostream& out_;
};

} // namespace

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
