// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/ops/inspect.hpp>
#include <regctl/ops/layer.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

namespace regctl::cli {

namespace {

struct LayerOptions {
  std::string place;
  std::string id;
  std::string output = "-";
  std::string json_file;
  std::string layer_file;
  bool no_verify = false;
  bool no_trunc = false;
};

Place place_of(const LayerOptions& options) {
  return Place::parse(options.place, Place::Bare::archive_or_registry);
}

ops::LayerChoice choice_of(const LayerOptions& options) {
  return options.id.empty() ? ops::LayerChoice() : ops::LayerChoice(options.id);
}

LayerCheck check_of(const LayerOptions& options) {
  return options.no_verify ? LayerCheck::none : LayerCheck::verify;
}

ExitCode run_ls(const LayerOptions& options, Context& context) {
  const auto details = ops::inspect(context.session(), place_of(options));
  if (context.format() == Format::json) {
    JsonList list(context.out);
    for (const auto& member : details.chain) {
      list.add(
          {{"id", member.image.id},
           {"size", member.image.layer_size_bytes ? Json(*member.image.layer_size_bytes) : Json()},
           {"checksums", member.image.payload_checksums}});
    }
    list.finish();
    return ExitCode::ok;
  }
  Table table(context.out, {"LAYER", "SIZE", "CHECKSUM"});
  for (const auto& member : details.chain) {
    const auto& sums = member.image.payload_checksums;
    const auto& size = member.image.layer_size_bytes;
    const auto sum = sums.empty() ? std::string("-") : sums.front();
    table.add({options.no_trunc ? member.image.id : short_id(member.image.id),
               size ? human_size(*size) : "?", options.no_trunc ? sum : fit(sum, 26)});
  }
  table.finish();
  return ExitCode::ok;
}

ExitCode run_get(const LayerOptions& options, Context& context) {
  if (options.output != "-") {
    AtomicFile file(options.output);
    ops::get_layer(context.session(), place_of(options), choice_of(options), check_of(options),
                   file);
    file.commit();
    return ExitCode::ok;
  }
  if (::isatty(STDOUT_FILENO) == 1) {
    throw Error(ErrorKind::usage, "a layer is not written to a terminal",
                "redirect stdout, or name a file with --output");
  }
  const auto sink =
      make_fd_sink(FileDescriptor(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)), "stdout");
  ops::get_layer(context.session(), place_of(options), choice_of(options), check_of(options),
                 *sink);
  return ExitCode::ok;
}

/// "drwxr-xr-x", as ls and tar show it.
std::string mode_text(const TarEntry& entry) {
  constexpr std::string_view k_types = "-hlcbdp";
  const auto index = static_cast<std::size_t>(entry.type - '0');
  std::string text(1, index < k_types.size() ? k_types[index] : '?');
  constexpr std::string_view k_bits = "rwxrwxrwx";
  for (std::size_t i = 0; i < k_bits.size(); ++i) {
    text += (entry.mode >> (k_bits.size() - 1 - i) & 1) != 0 ? k_bits[i] : '-';
  }
  return text;
}

std::string time_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts = {};
  std::array<char, 32> text{};
  if (::gmtime_r(&time, &parts) == nullptr ||
      std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &parts) == 0) {
    return std::to_string(seconds);
  }
  return text.data();
}

ExitCode run_files(const LayerOptions& options, Context& context) {
  const bool as_json = context.format() == Format::json;
  JsonList list(context.out);
  ops::list_layer_files(context.session(), place_of(options), choice_of(options), check_of(options),
                        [&](const TarEntry& entry) {
                          if (as_json) {
                            list.add({{"name", entry.name},
                                      {"type", std::string(1, entry.type)},
                                      {"mode", entry.mode},
                                      {"uid", entry.uid},
                                      {"gid", entry.gid},
                                      {"size", entry.size_bytes},
                                      {"mtime", entry.mtime_s},
                                      {"link", text_or_null(entry.link_name)}});
                            return;
                          }
                          context.out << mode_text(entry) << ' ' << entry.uid << '/' << entry.gid
                                      << ' ' << entry.size_bytes << ' ' << time_text(entry.mtime_s)
                                      << ' ' << printable(entry.name);
                          if (!entry.link_name.empty()) {
                            context.out << " -> " << printable(entry.link_name);
                          }
                          context.out << '\n';
                        });
  if (as_json) {
    list.finish();
  }
  return ExitCode::ok;
}

ExitCode run_put(const LayerOptions& options, Context& context) {
  constexpr std::uint64_t k_json_limit_bytes = 4 * 1024 * 1024;
  const auto repository = Reference::parse(options.place);
  const auto json = read_file(options.json_file, k_json_limit_bytes);
  const auto file = std::make_shared<FileDescriptor>(open_for_reading(options.layer_file));
  struct stat status = {};
  if (::fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::usage, "'" + options.layer_file + "' is not a file");
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto outcome = ops::put_layer(
      context.session(), repository, json,
      [&] { return make_range_source(file, 0, size, "'" + options.layer_file + "'"); }, size);
  context.end_progress();
  if (context.format() == Format::json) {
    print_json(context.out, {{"stored", outcome == PutOutcome::stored}});
  } else {
    context.out << (outcome == PutOutcome::stored ? "stored" : "was there already") << '\n';
  }
  return ExitCode::ok;
}

using Run = ExitCode (*)(const LayerOptions& options, Context& context);

CLI::App* add(CLI::App& parent, const char* name, const char* summary, Run run,
              const std::shared_ptr<LayerOptions>& options, Context& context) {
  auto* command = parent.add_subcommand(name, summary);
  command->fallthrough();
  command->callback(
      [=, &context] { context.action = [=, &context] { return run(*options, context); }; });
  return command;
}

void add_image_and_layer(CLI::App* command, const std::shared_ptr<LayerOptions>& options) {
  command->add_option("IMAGE", options->place, "Image, as in host:5000/app:1.0, or archive")
      ->required();
  command->add_option("ID", options->id,
                      "Layer: an ID or its first digits; the top one if left out");
  command->add_flag("--no-verify", options->no_verify, "Do not check the layer's checksum");
}

} // namespace

void add_layer_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<LayerOptions>();
  command.require_subcommand(1);
  auto* ls = add(command, "ls", "List the layers of an image", run_ls, options, context);
  ls->add_option("IMAGE", options->place, "Image, as in host:5000/app:1.0, or archive")->required();
  ls->add_flag("--no-trunc", options->no_trunc, "Print whole IDs and checksums");
  auto* get = add(command, "get", "Get the stored bytes of a layer", run_get, options, context);
  add_image_and_layer(get, options);
  get->add_option("-o,--output", options->output, "File, or - for stdout (-)")->type_name("FILE");
  auto* files = add(command, "files", "List the files of a layer", run_files, options, context);
  add_image_and_layer(files, options);
  auto* put =
      add(command, "put", "Push one image: its JSON and its layer", run_put, options, context);
  put->add_option("REPOSITORY", options->place, "Repository, as in host:5000/app")->required();
  put->add_option("JSON", options->json_file, "File with the image's JSON")->required();
  put->add_option("LAYER", options->layer_file, "File with the layer, a tar, perhaps compressed")
      ->required();
  command.footer("Examples:\n  regctl layer ls registry.local:5000/team/app:1.0\n"
                 "  regctl layer files registry.local:5000/team/app:1.0 90faa9565197\n"
                 "  regctl layer get registry.local:5000/team/app:1.0 90fa -o layer.tar.gz\n"
                 "  regctl layer put registry.local:5000/team/app json layer.tar");
}

} // namespace regctl::cli
