/**
 * In the root of every ext volume: kept by the system for what it finds when it checks the volume, and readable by root alone. A volume may be mounted in the place of any folder of a
 * store or a backup set, so this one is nothing of ours: it is not looked into, and a folder with nothing else in it is empty.
 */
export const VOLUME_FOLDER = 'lost+found'
