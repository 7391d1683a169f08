// SPDX-License-Identifier: Apache-2.0
#include "cli/copying.hpp"

#include "cli/json_text.hpp"
#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1_image.hpp>

#include <unistd.h>

namespace regctl::cli {

namespace {

void tell(const ops::CopyReport& report, Context& context) {
  if (context.format() == Format::json) {
    auto tags = Json::array();
    for (const auto& tag : report.tags) {
      tags.push_back({{"source", tag.source}, {"destination", tag.destination}, {"id", tag.id}});
    }
    print_json(context.out, {{"tags", tags},
                             {"images_copied", report.images_copied},
                             {"images_skipped", report.images_skipped},
                             {"bytes", report.bytes_copied}});
    return;
  }
  for (const auto& tag : report.tags) {
    context.out << printable(tag.destination) << ' ' << short_id(tag.id) << '\n';
  }
}

} // namespace

void add_copy_flags(CLI::App& command, CopyFlags& flags) {
  command.add_flag("-a,--all-tags", flags.all_tags, "All tags of the repository or archive");
  command.add_flag("--no-verify", flags.no_verify,
                   "Take layers whose checksum is wrong, to rescue them");
  command.add_flag("--no-compress", flags.no_compress,
                   "Push plain layers as they are, not as gzip");
}

ExitCode copy_and_tell(const Place& from, const Place& to, const CopyFlags& flags,
                       Context& context) {
  const bool to_stdout = to.kind == Place::Kind::docker_archive && to.path == "-";
  if (to_stdout && ::isatty(STDOUT_FILENO) == 1) {
    throw Error(ErrorKind::usage, "an archive is not written to a terminal",
                "redirect stdout, or name a file");
  }
  ops::CopyOptions options;
  options.tags = flags.all_tags ? ops::TagChoice::all : ops::TagChoice::one;
  options.check = flags.no_verify ? LayerCheck::none : LayerCheck::verify;
  options.plain_layers = flags.no_compress ? ops::PlainLayers::keep : ops::PlainLayers::gzip;
  const auto report = ops::copy(context.session(), from, to, options);
  context.end_progress();
  if (!to_stdout) {
    tell(report, context);
  }
  return ExitCode::ok;
}

} // namespace regctl::cli
