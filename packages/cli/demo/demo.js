#!/usr/bin/env node
// Two people and one remote: what lsync does, told with its real commands and their real output. Ends with an error if a step is not as told.
import { spawnSync } from 'node:child_process'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LSYNC = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const stage = realpathSync(mkdtempSync(join(tmpdir(), 'lsync-demo-')))
const environment = {
  ...process.env,
  HOME: join(stage, '.home'),
  LSYNC_CACHE_DIR: join(stage, '.home', 'cache'),
  LSYNC_CONFIG_DIR: join(stage, '.home', 'config'),
  LSYNC_DATA_DIR: join(stage, '.home', 'data'),
}
const color = process.stdout.isTTY && !process.env.NO_COLOR

try {
  play()
} catch (error) {
  console.error(
    `\nThe demo did not go as told: ${error instanceof Error ? error.message : String(error)}`,
  )
  process.exitCode = 1
} finally {
  rmSync(stage, { recursive: true, force: true })
}

function play() {
  tell('Ada has a folder and a remote. The remote is a folder here; s3://bucket works the same.')
  lsync('init file:./remote ada', 0)
  write('ada/plan.md', 'Monday: think\n')
  write('ada/shopping.txt', 'tea\n')
  lsync('-C ada sync', 0, ['upload plan.md', 'upload shopping.txt'])

  tell('Bob clones it.')
  lsync('clone file:./remote bob', 0, ['download plan.md', 'download shopping.txt'])
  mustHold('bob/plan.md', 'Monday: think\n')

  tell('Both work, on different files. A sync brings each what the other did.')
  write('ada/plan.md', 'Monday: think\nTuesday: build\n')
  write('bob/shopping.txt', 'tea\nbread\n')
  lsync('-C ada sync', 0, ['upload plan.md'])
  lsync('-C bob status', 0, ['To download', 'To upload'])
  lsync('-C bob sync', 0, ['download plan.md', 'upload shopping.txt'])
  lsync('-C ada sync', 0, ['download shopping.txt'])
  mustHold('ada/shopping.txt', 'tea\nbread\n')
  mustHold('bob/plan.md', 'Monday: think\nTuesday: build\n')

  tell(
    'Now both change the same file. The first to sync wins nothing: for the second it is a conflict.',
  )
  write('ada/plan.md', 'Monday: think\nTuesday: build\nWednesday: test\n')
  write('bob/plan.md', 'Monday: think\nTuesday: rest\n')
  lsync('-C ada sync', 0, ['upload plan.md'])
  lsync('-C bob sync', 3, ['conflict: plan.md', '1 conflict left'])
  mustHold('bob/plan.md', 'Monday: think\nTuesday: rest\n')
  mustHold('ada/plan.md', 'Monday: think\nTuesday: build\nWednesday: test\n')

  tell('Neither side was touched. Bob keeps both: what Ada wrote arrives beside his own.')
  lsync('-C bob sync --conflict keep-both', 0, ['keep both versions of plan.md'])
  lsync('-C ada sync', 0, ['download plan.md'])
  for (const person of ['ada', 'bob']) {
    mustHold(`${person}/plan.md`, 'Monday: think\nTuesday: rest\n')
    const beside = readdirSync(join(stage, person)).find((name) =>
      name.startsWith('plan (conflict'),
    )
    must(beside !== undefined, `${person} has the other version too`)
    mustHold(`${person}/${beside}`, 'Monday: think\nTuesday: build\nWednesday: test\n')
  }

  tell('An accident: nearly everything is gone here. lsync halts and changes nothing.')
  console.log('$ for day in $(seq 10); do echo "day $day" > ada/notes-$day.txt; done')
  for (let day = 1; day <= 10; day++) writeFileSync(note(day), `day ${day}\n`)
  lsync('-C ada sync --quiet', 0)
  console.log('$ rm ada/notes-*.txt')
  for (let day = 1; day <= 10; day++) rmSync(note(day))
  lsync('-C ada sync', 5, ['halted (mass-delete)', 'Nothing was changed'])
  mustHold('remote/notes-1.txt', 'day 1\n')

  tell('In the end both sides are what the database says, byte by byte.')
  lsync('-C bob sync --quiet', 0)
  lsync('-C bob verify --deep', 0, ['both sides are what the database says'])
}

function tell(text) {
  console.log(`\n${color ? '\u001B[1m' : ''}# ${text}${color ? '\u001B[0m' : ''}`)
}

/** Runs a command of lsync, shows it and what it says, and checks its exit code and some of its words. */
function lsync(command, exit, words = []) {
  console.log(`$ lsync ${command}`)
  const { status, stdout, stderr } = spawnSync(process.execPath, [LSYNC, ...command.split(' ')], {
    cwd: stage,
    env: environment,
    encoding: 'utf8',
  })
  process.stdout.write(stdout + stderr)
  must(status === exit, `"lsync ${command}" exits with ${exit}, not ${status}`)
  for (const word of words) must(stdout.includes(word), `"lsync ${command}" says "${word}"`)
}

function note(day) {
  return join(stage, `ada/notes-${day}.txt`)
}

function write(path, text) {
  console.log(`$ printf ${JSON.stringify(text)} > ${path}`)
  writeFileSync(join(stage, path), text)
}

function mustHold(path, text) {
  must(readFileSync(join(stage, path), 'utf8') === text, `${path} holds ${JSON.stringify(text)}`)
}

function must(holds, what) {
  if (!holds) throw new Error(`expected that ${what}`)
}
