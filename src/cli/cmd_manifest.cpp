// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/json.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct ManifestFlags {
  std::string place;
  std::string file;
  std::string media_type;
  std::string platforms;
};

ExitCode run_get(const ManifestFlags& options, Context& context) {
  const auto place = parse_source(context, options.place);
  const auto document = context.verbs().get_manifest(place, {to_platforms(options.platforms)});
  if (context.wants_json()) {
    print_json(context.out(), {{"place", place.to_string()},
                               {"digest", document.digest.to_string()},
                               {"media_type", document.media_type},
                               {"size", document.bytes.size()},
                               {"manifest", parse_json(document.bytes, "the manifest")}});
    return ExitCode::ok;
  }
  // Exact bytes for programs; made visible on a terminal, since the image's author wrote them.
  context.out() << (context.console().out_is_terminal ? visible_json(document.bytes) + "\n"
                                                      : document.bytes);
  return ExitCode::ok;
}

ExitCode run_put(const ManifestFlags& options, Context& context) {
  const auto place = parse_destination(context, options.place);
  const auto what = input_name(options.file);
  auto bytes =
      read_text(*make_fd_source(open_input(options.file), what), oci::k_manifest_limit_bytes, what);
  const auto digest = context.verbs().put_manifest(place, std::move(bytes), options.media_type);
  if (context.wants_json()) {
    print_json(context.out(), {{"place", place.to_string()}, {"digest", digest.to_string()}});
  } else {
    context.out() << digest.to_string() << '\n';
  }
  return ExitCode::ok;
}

constexpr const char* k_image_places =
    "HOST[:PORT]/NAME[:TAG|@DIGEST], oci:DIR[:TAG|@DIGEST], oci-archive:FILE[:TAG], or "
    "v2-storage:DIR:NAME[:TAG|@DIGEST]";

Action add_get(Arguments& arguments) {
  auto options = std::make_shared<ManifestFlags>();
  arguments.required("IMAGE", options->place, k_image_places);
  add_platform(arguments, options->platforms);
  return [options](Context& context) { return run_get(*options, context); };
}

Action add_put(Arguments& arguments) {
  auto options = std::make_shared<ManifestFlags>();
  arguments.required("IMAGE", options->place,
                     "HOST[:PORT]/NAME[:TAG|@DIGEST], oci:DIR[:TAG|@DIGEST], or "
                     "v2-storage:DIR:NAME[:TAG|@DIGEST]");
  arguments.required("FILE", options->file, "The manifest; '-' is standard input");
  arguments.value("--media-type", "TYPE", options->media_type,
                  "Its media type, if the manifest does not say it");
  return [options](Context& context) { return run_put(*options, context); };
}

} // namespace

Command manifest_command() {
  return {{.name = "manifest",
           .aliases = {},
           .summary = "Read and write single manifests, byte by byte",
           .details = "",
           .examples = {"regctl manifest get localhost:5000/team/app:1.0",
                        "regctl manifest put localhost:5000/team/app:1.1 manifest.json"}},
          nullptr};
}

Command manifest_get_command() {
  return {{.name = "manifest get",
           .aliases = {},
           .summary = "Print a manifest or an index, byte by byte",
           .details = "The bytes have the digest that 'regctl digest' prints. 'regctl inspect' "
                      "explains what they say.",
           .examples = {"regctl manifest get localhost:5000/team/app:1.0 | sha256sum",
                        "regctl manifest get --platform linux/arm64 localhost:5000/team/app:1.0"}},
          add_get};
}

Command manifest_put_command() {
  return {{.name = "manifest put",
           .aliases = {},
           .summary = "Store a manifest or an index, byte by byte",
           .details = "What it names must be there already: blobs, and of an index its images. "
                      "Prints the digest.",
           .examples = {"regctl manifest put localhost:5000/team/app:1.1 manifest.json"}},
          add_put};
}

} // namespace regctl::cli
