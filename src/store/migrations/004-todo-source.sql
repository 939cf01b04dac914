-- A message that somebody made a to-do of is looked for by its place when it is edited.
create index event_todo_source on tocsin.event ((data -> 'event' -> 'source' ->> 'channel'), (data -> 'event' -> 'source' ->> 'ts'))
  where data -> 'event' ->> 'type' = 'todo-added';
