// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>

#include <filesystem>
#include <optional>

namespace regctl {

// The folders of a user's files, according to the given environment. An XDG variable that is empty
// or not an absolute path is ignored; then there is no folder without a home. Source: XDG Base
// Directory Specification 0.8.

/// $HOME.
std::optional<std::filesystem::path> home_folder(const Environment& environment);
/// $XDG_CONFIG_HOME, else ~/.config.
std::optional<std::filesystem::path> config_folder(const Environment& environment);
/// $XDG_DATA_HOME, else ~/.local/share.
std::optional<std::filesystem::path> data_folder(const Environment& environment);
/// $XDG_STATE_HOME, else ~/.local/state.
std::optional<std::filesystem::path> state_folder(const Environment& environment);
/// $XDG_RUNTIME_DIR; it has no default.
std::optional<std::filesystem::path> runtime_folder(const Environment& environment);

// The folders of the current user, by this process' environment. Without $HOME the home is the one
// in the user database, else "/".
std::filesystem::path own_home_folder();
std::filesystem::path own_config_folder();

} // namespace regctl
