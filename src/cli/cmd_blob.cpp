// SPDX-License-Identifier: Apache-2.0
#include "cli/byte_output.hpp"
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/input_file.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct BlobFlags {
  std::string place;
  std::string file;
  std::string output;
  std::uint64_t chunk_bytes = 0;
};

ExitCode run_get(const BlobFlags& options, Context& context) {
  const auto place = parse_source(context, options.place);
  std::uint64_t size = 0;
  const bool is_file =
      write_bytes(context, {options.output, "a blob", "write it to a file (-o FILE) or send it on"},
                  [&](Sink& sink) { size = context.verbs().get_blob(place, sink); });
  if (is_file && context.wants_json()) {
    print_json(context.out(),
               {{"place", place.to_string()}, {"file", options.output}, {"size", size}});
  }
  return ExitCode::ok;
}

ExitCode run_has(const BlobFlags& options, Context& context) {
  const auto place = parse_source(context, options.place);
  const auto size = context.verbs().find_blob(place);
  if (context.wants_json()) {
    print_json(context.out(), {{"place", place.to_string()}, {"size", or_null(size)}});
  } else if (size) {
    context.out() << *size << '\n';
  } else {
    context.note(place.to_string() + " is not there");
  }
  return size ? ExitCode::ok : ExitCode::not_found;
}

ExitCode run_put(const BlobFlags& options, Context& context) {
  const auto place = parse_destination(context, options.place);
  context.set_v2({.chunk_bytes = options.chunk_bytes});
  const auto file = open_input_file(options.file);
  const auto digest = context.verbs().put_blob(place, file.open, file.size_bytes);
  if (context.wants_json()) {
    print_json(context.out(), {{"digest", digest.to_string()}, {"size", file.size_bytes}});
  } else {
    context.out() << digest.to_string() << '\n';
  }
  return ExitCode::ok;
}

constexpr const char* k_blob_places =
    "HOST[:PORT]/NAME@DIGEST, oci:DIR@DIGEST, oci-archive:FILE@DIGEST, or "
    "v2-storage:DIR:NAME@DIGEST";

Action add_get(Arguments& arguments) {
  auto options = std::make_shared<BlobFlags>();
  arguments.required("BLOB", options->place, k_blob_places);
  arguments.value("-o,--output", "FILE", options->output,
                  "Write to this file instead of standard output");
  return [options](Context& context) { return run_get(*options, context); };
}

Action add_has(Arguments& arguments) {
  auto options = std::make_shared<BlobFlags>();
  arguments.required("BLOB", options->place, k_blob_places);
  return [options](Context& context) { return run_has(*options, context); };
}

Action add_put(Arguments& arguments) {
  auto options = std::make_shared<BlobFlags>();
  arguments.required("REPOSITORY", options->place,
                     "HOST[:PORT]/NAME[@DIGEST], oci:DIR, or v2-storage:DIR:NAME");
  arguments.required("FILE", options->file, "The blob; '-' is standard input");
  add_chunk_size(arguments, options->chunk_bytes);
  return [options](Context& context) { return run_put(*options, context); };
}

} // namespace

Command blob_command() {
  return {{.name = "blob",
           .aliases = {},
           .summary = "Read, look for and write single blobs",
           .details = "",
           .examples = {"regctl blob get localhost:5000/team/app@sha256:DIGEST -o layer.tar.gz"}},
          nullptr};
}

Command blob_get_command() {
  return {{.name = "blob get",
           .aliases = {},
           .summary = "Write a blob to a file or to standard output",
           .details = "The bytes are checked against the digest on the way; the file appears when "
                      "they are right.",
           .examples = {"regctl blob get localhost:5000/team/app@sha256:DIGEST | tar tz"}},
          add_get};
}

Command blob_has_command() {
  return {{.name = "blob has",
           .aliases = {"blob head"},
           .summary = "Tell whether a repository has a blob, by the exit code",
           .details = "Prints the size and ends with 0, or ends with 3.",
           .examples = {"regctl blob has localhost:5000/team/app@sha256:DIGEST"}},
          add_has};
}

Command blob_put_command() {
  return {{.name = "blob put",
           .aliases = {},
           .summary = "Store a file as a blob",
           .details = "Prints the digest. A digest in REPOSITORY is compared with the file's.",
           .examples = {"regctl blob put localhost:5000/team/app layer.tar.gz"}},
          add_put};
}

} // namespace regctl::cli
