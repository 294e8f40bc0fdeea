import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const library = 'libvulkan.so.1';

// glibc's RTLD_NODELETE: Node closes a library that is no addon at once, and this one must stay.
const staysLoaded = 0x1000;

/** The variable by which the Vulkan loader is told which drivers there are: paths of JSON manifests. */
export const driverVariable = 'VK_DRIVER_FILES';

/** The Vulkan loader beside the driver that `VK_DRIVER_FILES` names, where there is one; else the system's. */
function loaderFile(): string {
  const driver = process.env[driverVariable]?.split(delimiter)[0];
  const beside = driver === undefined ? '' : join(dirname(driver), library);
  return existsSync(beside) ? beside : library;
}

/**
 * Loads the Vulkan loader, so that Dawn, which asks for it by name, finds it although it is not on the library path.
 *
 * @throws Error saying what is missing.
 */
export function loadVulkan(): void {
  if (process.platform !== 'linux') return;
  const file = loaderFile();
  try {
    process.dlopen({ exports: {} }, file, constants.dlopen.RTLD_NOW | staysLoaded);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // What Node says of a library that is loaded and is no addon.
    if (message.includes('did not self-register')) return;
    throw new Error(`there is no Vulkan loader (${message}): install libvulkan1 and the driver of the GPU`, {
      cause: error,
    });
  }
}
