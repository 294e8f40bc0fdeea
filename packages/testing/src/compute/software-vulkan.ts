import { installSwiftshader } from '@tributary/devstack';

/** Whether WebGPU can be tested here, or why not. */
export type SoftwareVulkanHere = { readonly available: true } | { readonly available: false; readonly reason: string };

/**
 * Lets WebGPU of this process compute on the software Vulkan driver, which is set up if it is not there yet. A
 * `VK_DRIVER_FILES` that is set already stays: so the tests run on a GPU.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` where the driver could be set up and the set-up failed
 */
export async function useSoftwareVulkan(): Promise<SoftwareVulkanHere> {
  if (process.env.VK_DRIVER_FILES !== undefined) return { available: true };
  const report = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const result = await installSwiftshader({ report });
  if (!result.ok) return { available: false, reason: result.reason };
  process.env.VK_DRIVER_FILES = result.driverFile;
  return { available: true };
}
