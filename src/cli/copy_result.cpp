// SPDX-License-Identifier: Apache-2.0
#include "cli/copy_result.hpp"

#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/v1/image.hpp>

#include <ostream>
#include <string>

namespace regctl::cli {

namespace {

constexpr const char* k_platforms = "Of an image for several platforms, only these: "
                                    "OS/ARCH[/VARIANT], several separated by commas, or host";

} // namespace

void print_copied(Context& context, const ops::CopyReport& report) {
  if (context.wants_json()) {
    print_copied_json(context, report);
    return;
  }
  for (const auto& tag : report.tags) {
    context.out() << visible(show_place(tag.destination)) << ' '
                  << (is_v1_id(tag.id) ? short_id(tag.id) : tag.id) << '\n';
  }
}

void print_copied_json(Context& context, const ops::CopyReport& report) {
  auto tags = Json::array();
  for (const auto& tag : report.tags) {
    tags.push_back({{"from", tag.source},
                    {"to", tag.destination},
                    {"id", tag.id},
                    {"verified", tag.is_verified}});
  }
  print_json(context.out(), {{"tags", tags},
                             {"images", report.images_copied},
                             {"images_there", report.images_skipped},
                             {"images_unverified", report.images_unverified},
                             {"blobs", report.blobs_copied},
                             {"blobs_there", report.blobs_skipped},
                             {"bytes", report.bytes_copied}});
}

void refuse_all_tags_of_one(const Place& place, const std::string& text) {
  const bool has_tag = place.entry || (place.reference && place.reference->tag);
  const bool has_digest = place.reference && place.reference->digest;
  if (has_tag || has_digest) {
    const std::string kind = has_tag ? "a tag" : "a digest";
    throw Error(ErrorKind::usage, "'" + text + "' has " + kind + ", but --all-tags wants all",
                "leave out -a: of " + kind + " all platforms are copied anyway");
  }
}

void add_platform(Arguments& arguments, std::string& platforms) {
  arguments.value("--platform", "PLATFORM", platforms, k_platforms);
}

void add_platform_to_take(Arguments& arguments, std::string& platforms) {
  arguments.value("--platform", "PLATFORM", platforms,
                  std::string(k_platforms) + ". " + k_platform_of_v1);
}

void add_form(Arguments& arguments, std::optional<ops::OciForm>& form) {
  arguments.value(
      "--to-format", "oci|docker",
      choice("oci|docker",
             [&form](std::size_t i) { form = i == 0 ? ops::OciForm::oci : ops::OciForm::docker; }),
      "The form of v1 images that become images of protocol v2 (default oci)");
}

void add_chunk_size(Arguments& arguments, std::uint64_t& chunk_bytes) {
  arguments.value(
      "--chunk-size", "SIZE",
      [&chunk_bytes](const std::string& text) { chunk_bytes = parse_size(text); },
      "Send blobs to a v2 registry in pieces of this size, as in 64MB, for proxies with a limit; "
      "a cut costs one piece");
}

void add_originals(Arguments& arguments, std::string& originals) {
  arguments.value("--originals", "PLACE", originals,
                  "Where to take the original v1 images from, with their IDs, for images that were "
                  "converted from v1");
}

std::vector<oci::Platform> to_platforms(const std::string& platforms) {
  return platforms.empty() ? std::vector<oci::Platform>() : oci::parse_platforms(platforms);
}

ops::CopyOptions to_options(const CopyFlags& flags) {
  if (flags.no_verify && flags.require_checksum) {
    throw Error(ErrorKind::usage, "--no-verify and --require-checksum contradict each other",
                "leave out one of them");
  }
  ops::CopyOptions options;
  options.require_checksum = flags.require_checksum;
  options.tags = flags.all_tags ? ops::TagChoice::all : ops::TagChoice::one;
  options.check = flags.no_verify ? LayerCheck::none : LayerCheck::verify;
  options.platforms = to_platforms(flags.platforms);
  options.rescue = flags.rescue;
  options.referrers = flags.referrers;
  options.form = flags.form.value_or(options.form);
  options.plain_layers = flags.no_compress ? ops::PlainLayers::keep : ops::PlainLayers::gzip;
  return options;
}

} // namespace regctl::cli
