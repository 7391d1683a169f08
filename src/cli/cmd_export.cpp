// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/output_sink.hpp"
#include "cli/places.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/json.hpp>

#include <filesystem>
#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct ExportArguments {
  std::string image;
  std::string file;
  std::string platform;
  bool no_verify = false;
};

ops::ExportOptions to_options(const ExportArguments& arguments) {
  ops::ExportOptions options;
  if (!arguments.platform.empty()) {
    options.platform = oci::Platform::parse(arguments.platform);
  }
  options.check = arguments.no_verify ? LayerCheck::none : LayerCheck::verify;
  return options;
}

void export_to_file(const Place& place, const ExportArguments& arguments, Context& context) {
  AtomicFile file(arguments.file);
  context.verbs().export_image(place, to_options(arguments), file);
  file.commit();
  if (context.wants_json()) {
    print_json(context.out(), {{"place", place.to_string()},
                               {"file", arguments.file},
                               {"size", std::filesystem::file_size(arguments.file)}});
  }
}

ExitCode run_export(const ExportArguments& arguments, Context& context) {
  const auto place = parse_source(context, arguments.image);
  if (!arguments.file.empty() && arguments.file != "-") {
    export_to_file(place, arguments, context);
    return ExitCode::ok;
  }
  if (context.wants_json()) {
    throw Error(ErrorKind::usage, "the files and --format json both want standard output",
                "name a file: regctl export IMAGE FILE");
  }
  if (context.console().out_is_terminal) {
    throw Error(ErrorKind::usage, "a tar is no text for a terminal",
                "name a file, or send it on (… | tar tv)");
  }
  OutputSink sink(context.out());
  context.verbs().export_image(place, to_options(arguments), sink);
  return ExitCode::ok;
}

Action add_export(Arguments& arguments) {
  auto options = std::make_shared<ExportArguments>();
  arguments.required("IMAGE", options->image, "HOST[:PORT]/NAME[:TAG], or a local place");
  arguments.optional("FILE", options->file, "The tar to write; '-' or nothing for standard output");
  arguments.value("--platform", "PLATFORM", options->platform,
                  "Of an image for several platforms, this one instead of this machine's: "
                  "OS/ARCH[/VARIANT]");
  arguments.flag("--no-verify", options->no_verify,
                 "For rescue: do not check the layers of v1 images against their checksums");
  return [options](Context& context) { return run_export(*options, context); };
}

} // namespace

Command export_command() {
  return {{.name = "export",
           .aliases = {},
           .summary = "Write the files of an image as one tar",
           .details =
               "All layers become one file system, without what they removed. Of an image for "
               "several platforms the one for this machine is taken unless --platform says "
               "otherwise.",
           .examples = {"regctl export localhost:5000/team/app:1.0 app.tar",
                        "regctl export localhost:5000/team/app:1.0 | tar xf - -C rootfs",
                        "regctl export --platform linux/arm64 oci:layout:1.0 arm64.tar"}},
          add_export};
}

} // namespace regctl::cli
