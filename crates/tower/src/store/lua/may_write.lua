redis.call('HDEL', state, '')
