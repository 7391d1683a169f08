// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace regctl::http {

/// $HOME, or the home of the user we are; "/" if neither is known.
std::filesystem::path home_folder();

/// $XDG_CONFIG_HOME, or ~/.config.
std::filesystem::path config_folder();

} // namespace regctl::http
