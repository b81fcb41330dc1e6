const LONGEST_FILE_NAME = 255;

/**
 * Name of the directory of a pod's logs (S30). Where a file system would not take it the pod's name loses its end: the UID tells
 * pods apart.
 */
export function logFolder({ namespace, name, uid }: { namespace: string; name: string; uid: string }): string {
  const room = LONGEST_FILE_NAME - namespace.length - uid.length - "__".length;
  return `${namespace}_${name.slice(0, Math.max(room, 0))}_${uid}`;
}
