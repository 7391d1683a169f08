// SPDX-License-Identifier: Apache-2.0
#include "cli/byte_output.hpp"
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/output.hpp"
#include "cli/output_sink.hpp"
#include "cli/places.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/time.hpp>

#include <filesystem>
#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct LayerFlags {
  std::string place;
  std::string id;
  std::string output;
  std::string platforms;
  bool no_verify = false;
  bool no_trunc = false;
  bool is_long = false;
};

LayerCheck check_of(const LayerFlags& options) {
  return options.no_verify ? LayerCheck::none : LayerCheck::verify;
}

ops::LayerChoice choice_of(const LayerFlags& options) {
  return options.id.empty() ? std::nullopt : std::optional(options.id);
}

// --- layer ls ---

std::string checksum_cell(const V1Image& image, bool is_whole) {
  constexpr std::size_t k_columns = 19; // "sha256:" and 12 digits
  if (image.payload_checksums.empty()) {
    return "";
  }
  const auto& first = image.payload_checksums.front();
  return is_whole ? first : first.substr(0, k_columns);
}

Json to_json(const ops::ChainImage& member) {
  const auto& image = member.image;
  return {{"id", image.id},
          {"parent", or_null(member.info.parent)},
          {"size", or_null(image.layer_size_bytes)},
          {"checksums", image.payload_checksums}};
}

void list_oci_layers(const ops::OciDetails& details, const LayerFlags& options, Context& context) {
  if (!details.platforms.empty()) {
    throw Error(ErrorKind::usage, details.place + " is an index of several images",
                "choose one of them with --platform");
  }
  Listing listing(context, {"LAYER", "SIZE", "MEDIA TYPE"});
  for (auto layer = details.manifest.layers.rbegin(); layer != details.manifest.layers.rend();
       ++layer) {
    const auto digest = layer->digest.to_string();
    if (listing.wants_json()) {
      listing.add({{"digest", digest},
                   {"size", layer->size_bytes},
                   {"media_type", or_null(layer->media_type)}});
    } else {
      listing.add_row({options.no_trunc ? digest : short_identity(digest),
                       show_size(layer->size_bytes), layer->media_type});
    }
  }
  listing.finish();
}

ExitCode run_layer_ls(const LayerFlags& options, Context& context) {
  const auto place = parse_source(context, options.place);
  const auto inspected = context.verbs().inspect(place, {to_platforms(options.platforms)});
  if (const auto* image = std::get_if<ops::OciDetails>(&inspected)) {
    list_oci_layers(*image, options, context);
    return ExitCode::ok;
  }
  const auto& details = std::get<ops::ImageDetails>(inspected);
  Listing listing(context, {"LAYER ID", "SIZE", "CHECKSUM"});
  for (const auto& member : details.chain) {
    if (listing.wants_json()) {
      listing.add(to_json(member));
      continue;
    }
    const auto& image = member.image;
    listing.add_row({options.no_trunc ? image.id : short_id(image.id),
                     show_size(image.layer_size_bytes), checksum_cell(image, options.no_trunc)});
  }
  listing.finish();
  return ExitCode::ok;
}

// --- layer get ---

ExitCode run_layer_get(const LayerFlags& options, Context& context) {
  const auto place = parse_source(context, options.place);
  std::string id;
  const bool is_file = write_bytes(
      context,
      {options.output, "a layer",
       "write it to a file (-o FILE), send it on (… | tar tv), or see its files: regctl layer "
       "files"},
      [&](Sink& sink) {
        id = context.verbs().get_layer(place, choice_of(options), check_of(options), sink);
      });
  if (is_file && context.wants_json()) {
    print_json(context.out(), {{"id", id},
                               {"file", options.output},
                               {"size", std::filesystem::file_size(options.output)}});
  }
  return ExitCode::ok;
}

// --- layer files ---

const char* type_of(char type) {
  switch (type) {
  case '0':
  case '7':
    return "file";
  case '1':
    return "hard link";
  case '2':
    return "symbolic link";
  case '3':
    return "character device";
  case '4':
    return "block device";
  case '5':
    return "folder";
  case '6':
    return "fifo";
  default:
    return "other";
  }
}

char letter_of(char type) {
  constexpr std::string_view k_types = "01234567";
  constexpr std::string_view k_letters = "-hlcbdp-";
  const auto found = k_types.find(type);
  return found == std::string_view::npos ? '?' : k_letters[found];
}

/// "-rw-r--r--", as `ls -l` and `tar tv` print permissions.
std::string permissions(const TarEntry& entry) {
  constexpr std::string_view k_letters = "rwxrwxrwx";
  const auto mode = static_cast<std::uint64_t>(entry.mode);
  std::string text(1, letter_of(entry.type));
  for (std::size_t i = 0; i < k_letters.size(); ++i) {
    text += (mode >> (8 - i) & 1U) != 0 ? k_letters[i] : '-';
  }
  const auto mark = [&](std::size_t at, std::uint64_t bit, char with, char without) {
    if ((mode & bit) != 0) {
      text[at] = text[at] == 'x' ? with : without;
    }
  };
  mark(3, 04000, 's', 'S');
  mark(6, 02000, 's', 'S');
  mark(9, 01000, 't', 'T');
  return text;
}

std::string name_with_target(const TarEntry& entry) {
  return entry.type == '1'   ? entry.name + " link to " + entry.link_name
         : entry.type == '2' ? entry.name + " -> " + entry.link_name
                             : entry.name;
}

Json to_json(const TarEntry& entry) {
  return {{"name", entry.name},
          {"type", type_of(entry.type)},
          {"size", entry.size_bytes},
          {"mode", entry.mode & 07777},
          {"uid", entry.uid},
          {"gid", entry.gid},
          {"changed", or_null(print_rfc3339(entry.mtime_s))},
          {"link", or_null(entry.link_name)}};
}

ExitCode run_layer_files(const LayerFlags& options, Context& context) {
  const auto place = parse_source(context, options.place);
  Listing listing(context, {});
  context.verbs().list_layer_files(
      place, choice_of(options), check_of(options), [&](const TarEntry& entry) {
        if (listing.wants_json()) {
          listing.add(to_json(entry));
        } else if (options.is_long) {
          listing.add_row({permissions(entry),
                           std::to_string(entry.uid) + "/" + std::to_string(entry.gid),
                           std::to_string(entry.size_bytes), show_time(entry.mtime_s),
                           name_with_target(entry)});
        } else {
          listing.add_row({entry.name});
        }
      });
  listing.finish();
  return ExitCode::ok;
}

void add_image_and_id(Arguments& arguments, LayerFlags& options) {
  arguments.required("IMAGE", options.place,
                     "HOST[:PORT]/NAME[:TAG], an archive, v1-storage:DIR:NAME[:TAG], or "
                     "docker-daemon:NAME[:TAG]");
  arguments.optional("ID", options.id,
                     "Which layer: its ID or 4 digits and more of its beginning; the top one if "
                     "left out");
  arguments.flag("--no-verify", options.no_verify,
                 "For rescue: do not check the layer against its checksum");
}

Action add_layer_ls(Arguments& arguments) {
  auto options = std::make_shared<LayerFlags>();
  arguments.required("IMAGE", options->place,
                     "HOST[:PORT]/NAME[:TAG|@DIGEST], an archive, oci:DIR[:TAG], "
                     "v1-storage:DIR:NAME[:TAG], v2-storage:DIR:NAME[:TAG], or "
                     "docker-daemon:NAME[:TAG]");
  arguments.flag("--no-trunc", options->no_trunc, "Show whole IDs, checksums and digests");
  add_platform(arguments, options->platforms);
  return [options](Context& context) { return run_layer_ls(*options, context); };
}

Action add_layer_get(Arguments& arguments) {
  auto options = std::make_shared<LayerFlags>();
  add_image_and_id(arguments, *options);
  arguments.value("-o,--output", "FILE", options->output,
                  "Write to this file instead of standard output");
  return [options](Context& context) { return run_layer_get(*options, context); };
}

Action add_layer_files(Arguments& arguments) {
  auto options = std::make_shared<LayerFlags>();
  add_image_and_id(arguments, *options);
  arguments.flag("-l,--long", options->is_long, "Show modes, owners, sizes and times too");
  return [options](Context& context) { return run_layer_files(*options, context); };
}

} // namespace

Command layer_command() {
  return {{.name = "layer",
           .aliases = {},
           .summary = "List, read and write single layers",
           .details = "",
           .examples = {"regctl layer ls localhost:5000/team/app:1.0",
                        "regctl layer get localhost:5000/team/app:1.0 90faa9565197 | tar tz"}},
          nullptr};
}

Command layer_ls_command() {
  return {{.name = "layer ls",
           .aliases = {},
           .summary = "List the layers of an image, top one first",
           .details = "Sizes are those of the layers as they are stored.",
           .examples = {"regctl layer ls localhost:5000/team/app:1.0"}},
          add_layer_ls};
}

Command layer_get_command() {
  return {{.name = "layer get",
           .aliases = {},
           .summary = "Write the stored bytes of a layer to a file or standard output",
           .details = "Layers are stored as they were pushed: usually tar with gzip.",
           .examples = {"regctl layer get localhost:5000/team/app:1.0 -o top.tar.gz",
                        "regctl layer get localhost:5000/team/app:1.0 90faa9565197 | tar tz"}},
          add_layer_get};
}

Command layer_files_command() {
  return {{.name = "layer files",
           .aliases = {},
           .summary = "List the files in a layer, whatever its compression",
           .details = "",
           .examples = {"regctl layer files localhost:5000/team/app:1.0",
                        "regctl layer files -l app_1.0.tar 90faa9565197"}},
          add_layer_files};
}

} // namespace regctl::cli
