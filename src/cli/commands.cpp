// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"

#include <array>

namespace regctl::cli {

namespace {

constexpr std::string_view k_look = "Look";
constexpr std::string_view k_move = "Move";
constexpr std::string_view k_change = "Change";
constexpr std::string_view k_other = "Other";

constexpr std::array<Command, 17> k_commands = {{
    {"ping", "", k_look, "Ask a registry what it speaks", add_ping_command},
    {"search", "", k_look, "Search the repositories of a registry", add_search_command},
    {"images", "", k_look, "List images with tag, ID, age and size", add_images_command},
    {"tags", "ls", k_look, "List the tags of a repository", add_tags_command},
    {"inspect", "", k_look, "Show all that is known of an image, as JSON", add_inspect_command},
    {"history", "", k_look, "Show the layers of an image and what made them", add_history_command},
    {"layer", "", k_look, "List, get, put layers and list their files", add_layer_command},
    {"pull", "", k_move, "Pull an image into an archive", add_pull_command},
    {"push", "", k_move, "Push an image from an archive", add_push_command},
    {"copy", "cp", k_move, "Copy an image from any place to any place", add_copy_command},
    {"tag", "", k_change, "Give an image another tag", add_tag_command},
    {"rm", "", k_change, "Remove tags, or a repository", add_rm_command},
    {"properties", "", k_change, "Show or set who may read a repository", add_properties_command},
    {"login", "", k_other, "Check and store a password for a registry", add_login_command},
    {"logout", "", k_other, "Forget a stored password", add_logout_command},
    {"completion", "", k_other, "Print a completion script for a shell", add_completion_command},
    {"version", "", k_other, "Print the version", add_version_command},
}};

CLI::Validator range(unsigned least, unsigned most) {
  return CLI::Range(least, most).description("");
}

CLI::Validator one_of(std::vector<std::string> words) {
  return CLI::IsMember(std::move(words)).description("");
}

void add_global_options(CLI::App& app, GlobalOptions& global) {
  app.add_option("--format", global.format, "How results are printed: table or json")
      ->check(one_of({"table", "json"}))
      ->type_name("FORMAT");
  app.add_flag("-q,--quiet", global.quiet, "Print results and errors only");
  app.add_flag("-v,--verbose", global.verbose, "Say where credentials come from");
  app.add_flag("--debug", global.debug, "Show requests and answers, without secrets");
  app.add_flag("--no-progress", global.no_progress, "Draw no bars on a terminal");
  app.add_option("-j,--jobs", global.jobs, "Layers that move at the same time, 1 to 64 (4)")
      ->check(range(1, 64))
      ->type_name("N");
  app.add_option("--retry", global.retries, "Further attempts when a registry fails (5)")
      ->check(range(0, 100))
      ->type_name("N");
  app.add_option("--timeout", global.timeout_s, "Seconds without a byte that end an attempt (60)")
      ->check(range(1, 86400))
      ->type_name("SECONDS");
  app.add_option("--connect-timeout", global.connect_timeout_s,
                 "Seconds to wait for a connection (30)")
      ->check(range(1, 3600))
      ->type_name("SECONDS");
  app.add_option("--api", global.api, "Protocol to speak, v1 or v2, instead of asking")
      ->check(one_of({"v1", "v2"}))
      ->type_name("API");
  app.add_option("--config", global.settings.config, "Configuration file")->type_name("FILE");
  app.add_flag("--insecure", global.settings.insecure,
               "Do not verify TLS; use plain http where https is not spoken");
  app.add_flag("--plain-http", global.settings.plain_http, "Use plain http");
  app.add_option("--ca-file", global.settings.ca_file, "Trust the authorities in this PEM file")
      ->type_name("FILE");
  app.add_option("--client-cert", global.settings.client_cert, "Certificate to show, PEM")
      ->type_name("FILE");
  app.add_option("--client-key", global.settings.client_key, "Key of the certificate, PEM")
      ->type_name("FILE");
  app.add_option("-u,--username", global.username, "User name for the registries of this run")
      ->type_name("USER");
  app.add_flag("--password-stdin", global.password_stdin, "Read the password from stdin");
}

/// Positionals are named for what they are; "TEXT REQUIRED" behind each says nothing more.
void tidy_positionals(CLI::App& command) {
  for (auto* option : command.get_options()) {
    if (option->get_positional()) {
      option->type_name("");
    }
  }
  for (auto* inner : command.get_subcommands([](CLI::App*) { return true; })) {
    tidy_positionals(*inner);
  }
}

} // namespace

std::span<const Command> commands() {
  return k_commands;
}

void add_everything(CLI::App& app, Context& context) {
  add_global_options(app, context.global);
  for (const auto& command : commands()) {
    auto* added = app.add_subcommand(std::string(command.name), std::string(command.summary));
    added->group(std::string(command.group));
    added->set_help_flag("-h,--help", "Print this help");
    added->fallthrough(); // global options may stand behind the command
    if (!command.alias.empty()) {
      added->alias(std::string(command.alias));
    }
    if (command.name == "tags") {
      added->alias("tag-list");
    }
    command.add(*added, context);
    tidy_positionals(*added);
  }
}

} // namespace regctl::cli
