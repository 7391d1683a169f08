// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"

namespace regctl::cli {

const std::vector<CommandSection>& command_sections() {
  static const std::vector<CommandSection> sections = {
      {"Look at a registry", {ping_command, search_command, images_command, tags_command}},
      {"Look at an image",
       {inspect_command, digest_command, history_command, layer_command, layer_ls_command,
        layer_get_command, layer_files_command, layer_put_command, manifest_command,
        manifest_get_command, manifest_put_command, blob_command, blob_get_command,
        blob_has_command, blob_put_command, referrers_command}},
      {"Move images",
       {pull_command, push_command, copy_command, mirror_command, map_command, export_command}},
      {"Compare registries", {diff_command, verify_command}},
      {"Change a registry",
       {tag_command, index_command, index_make_command, index_add_command, index_filter_command,
        rm_command, properties_command}},
      {"Look after images that are kept", {audit_command, repair_command, gc_command}},
      {"Be a registry", {serve_command}},
      {"Log in and out", {login_command, logout_command}},
      {"About regctl", {help_command, completion_command, version_command}},
  };
  return sections;
}

} // namespace regctl::cli
